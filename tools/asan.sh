#!/usr/bin/env bash
# Memory that is used after it was freed, and memory that nobody frees: core, with what fuzzing found, and the C interface
# below Kotlin and Swift. RUSTC_BOOTSTRAP has a stable compiler take the flag.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address
host=$("${RUSTC:-rustc}" -vV | sed -n 's/^host: //p')
options=(--locked --target "$host" --target-dir "${CARGO_TARGET_DIR:-target}/asan")
"$cargo" test "${options[@]}" -p egoi-verify --features sandbox --lib --test wire --test client --test engine --test fuzz_corpus \
  --test secrets
"$cargo" test "${options[@]}" -p egoi-verify-native --test c_interface --test border
