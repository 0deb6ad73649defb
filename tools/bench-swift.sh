#!/usr/bin/env bash
# The Swift package against URLSession, with the native library that a release ships.
set -euo pipefail
cd "$(dirname "$0")/.."

"${CARGO:-cargo}" rustc --locked --profile shipped --crate-type staticlib -p egoi-verify-native
tools/place.sh "${CARGO_TARGET_DIR:-target}/shipped/libegoi_verify_native.a" bindings/swift/.native/release/libegoi_verify_native.a
EGOI_SWIFT_NATIVE=.native/release bindings/swift/in-toolchain.sh build -c release --package-path benches
"${PYTHON:-python3}" benches/measure.py --command "make bench-swift" -- bindings/swift/benches/run.sh
