#!/usr/bin/env bash
# Builds everything native that the tests of the other languages load, in one cargo invocation with the profile, the features and
# the target of `cargo test --workspace --all-features`: no dependency is compiled twice. Then generates the Kotlin and Swift side.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

# `--examples` has cargo resolve the features as it does for tests.
"${CARGO:-cargo}" build --locked --workspace --all-features --lib --bins --examples

# From what is not stripped: the generator reads its symbols.
for module in native testing_native phone_native; do
  "$target/debug/egoi-verify-generator" generate --no-format --language kotlin --language swift \
    --config bindings/uniffi.toml --out-dir "$target/bindings" "$target/debug/libegoi_verify_$module.so"
done
