#!/usr/bin/env bash
# Formatting, lints and documentation of the Rust crates.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

"$cargo" fmt --all --check
"$cargo" clippy --locked --workspace --all-features --all-targets -- -D warnings
"$cargo" clippy --locked -p egoi-verify --no-default-features --features small-numbers -- -D warnings
tools/document-rust.sh
