#!/usr/bin/env bash
# Formatting, lints and documentation of the Rust crates.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

# Clippy looks whether our own code needs a newer Rust than `rust-version` says; this, whether a dependency does.
minimum=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
newest=$("$cargo" metadata --locked --format-version 1 | grep -o '"rust_version":"[0-9.]*"' | cut -d '"' -f 4 | sort -V | tail -n 1)
if [[ $newest. != "$minimum".* ]]; then
  echo "a dependency needs Rust $newest; \`rust-version\` in Cargo.toml is $minimum" >&2
  exit 1
fi

"$cargo" fmt --all --check
small=(--locked -p egoi-verify --no-default-features --features small-numbers)
if test -n "${RUSTC_WORKSPACE_WRAPPER:-}"; then
  # In `make test`, where tools/lint-as-built.sh lints and documents what is built. cargo repeats the warnings of what it has built before.
  warnings=$({
    "$cargo" build --locked --workspace --all-features --lib --bins --examples
    "$cargo" test --no-run --locked --workspace --all-features
    "$cargo" test --no-run --locked --workspace --all-features --benches
    # Linted alone: what it would document is the crate with fewer features, in the same place.
    RUSTC_WORKSPACE_WRAPPER=clippy-driver "$cargo" build "${small[@]}" --lib
  } 2>&1 | tee /dev/stderr | grep -Ec '^(warning|error)' || true)
  test "$warnings" = 0
  exit
fi
# uniffi's generator takes a minute of a processor to check. So what uses it is linted as it is built, as a test: with the library that
# tools/native.sh builds, and not in the place of the program.
"$cargo" clippy --locked --workspace --exclude egoi-verify-generator --all-features --all-targets -- -D warnings
CLIPPY_ARGS=-Dwarnings RUSTC_WORKSPACE_WRAPPER=clippy-driver "$cargo" test --quiet --no-run --locked --workspace --all-features \
  --bin egoi-verify-generator
"$cargo" clippy "${small[@]}" -- -D warnings
tools/document-rust.sh
