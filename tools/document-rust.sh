#!/usr/bin/env bash
# Documents the crates, warnings being errors, as the JSON that tests/surface reads: `target/doc`. `--examples` has cargo resolve the
# features as it does for tests, so that Clippy has checked every dependency already.
set -euo pipefail
cd "$(dirname "$0")/.."
# In `make test`, tools/lint-as-built.sh has documented what was built.
test -z "${RUSTC_WORKSPACE_WRAPPER:-}" || exit 0

RUSTDOC=$PWD/tests/surface/rustdoc RUSTDOCFLAGS="-D warnings -Zunstable-options --output-format json" \
  "${CARGO:-cargo}" doc --quiet --locked --workspace --exclude egoi-verify-node --exclude egoi-verify-python --exclude egoi-verify-generator \
  --all-features --no-deps --lib --bin scripted-service --examples
