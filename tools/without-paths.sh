#!/usr/bin/env bash
# Runs a build in which cargo's libraries do not name the folders of this machine: `tools/without-paths.sh COMMAND…`. Cargo's own
# `trim-paths` is not stable yet.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-$root/target}

# rustc takes the last one that fits. Between two flags is \x1f, as a folder may have a space in its name.
flags=${CARGO_ENCODED_RUSTFLAGS:-$(printf %s "${RUSTFLAGS:-}" | tr -s ' ' '\037')}
for from_to in "$HOME=home" "$(rustc --print sysroot)=rust" "$cargo_home=cargo" "$root=egoi-verify" "$target=target"; do
  flags+=${flags:+$'\x1f'}--remap-path-prefix=$from_to
done
export CARGO_ENCODED_RUSTFLAGS=$flags
exec "$@"
