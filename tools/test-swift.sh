#!/usr/bin/env bash
# The tests of the Swift package, and its sandbox compiled in Swift 5 mode.
set -euo pipefail
cd "$(dirname "$0")/.."

limit=()
# INT: SwiftPM's tests go on after TERM.
! command -v timeout >/dev/null || limit=(timeout --signal INT 20m)
"${limit[@]}" bindings/swift/in-toolchain.sh test
bindings/swift/in-toolchain.sh build --target EgoiVerifyTesting --scratch-path .build/swift-5 -Xswiftc -swift-version -Xswiftc 5
