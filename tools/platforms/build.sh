#!/usr/bin/env bash
# Builds what ships for another system, in the Rust tree of tools/platforms/setup.sh, into target/platforms:
# `tools/platforms/build.sh aarch64-unknown-linux-gnu.2.17 wheel addon`. The number is the glibc that the result needs at most.
set -euo pipefail
cd "$(dirname "$0")/../.."
system=$1
triple=${system%%.*}
shift
built=$PWD/target/platforms/$triple

inside() {
  tools/platforms/enter.sh rust env CARGO_TARGET_DIR="$PWD/target/platforms" tools/zig.sh "$system" "$@"
}

for what in "$@"; do
  case $what in
    wheel)
      rm -rf "$built/dist"
      inside maturin build --quiet --locked --profile shipped --target "$triple" --manifest-path python/Cargo.toml \
        --compatibility manylinux2014 --out "$built/dist"
      ;;
    addon)
      inside cargo build --quiet --locked --profile shipped --target "$triple" -p egoi-verify-node
      ;;
  esac
done
