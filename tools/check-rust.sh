#!/usr/bin/env bash
# Formatting, lints and documentation of the Rust crates.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

"$cargo" fmt --all --check
# uniffi's generator takes a minute of a processor to check. So what uses it is linted as it is built, as a test: with the library that
# tools/native.sh builds, and not in the place of the program.
"$cargo" clippy --locked --workspace --exclude egoi-verify-generator --all-features --all-targets -- -D warnings
CLIPPY_ARGS=-Dwarnings RUSTC_WORKSPACE_WRAPPER=clippy-driver "$cargo" test --quiet --no-run --locked --workspace --all-features \
  --bin egoi-verify-generator
"$cargo" clippy --locked -p egoi-verify --no-default-features --features small-numbers -- -D warnings
tools/document-rust.sh
