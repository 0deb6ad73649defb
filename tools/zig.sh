#!/usr/bin/env bash
# Runs a command with zig as the C compiler and the linker of a system: `tools/zig.sh x86_64-unknown-linux-gnu.2.17 COMMAND…`. The
# number is the glibc that the result needs at most. zig and its adaptation to rustc are those of maturin, in python/.venv.
set -euo pipefail
triple=${1%%.*}
# zig's names have no vendor, and no ABI of another linker.
zig=$(echo "$1" | sed 's/-unknown//; s/-pc//; s/gnullvm/gnu/')
shift
root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/python/.venv
wrappers=$root/target/zig/$zig
program=$(echo "$venv"/lib/python3*/site-packages/ziglang/zig)

mkdir -p "$wrappers"
for tool in cc c++ ar ranlib lib; do
  target=
  case $tool in cc | c++) target=" -g -fno-sanitize=all -target $zig" ;; esac
  cat >"$wrappers/$tool.$$" <<END
#!/bin/sh
export CARGO_ZIGBUILD_ZIG_COMMAND=$program CARGO_ZIGBUILD_ZIG_VERSION=$("$program" version)
exec $venv/bin/maturin zig $tool --$target "\$@"
END
  chmod +x "$wrappers/$tool.$$"
  mv "$wrappers/$tool.$$" "$wrappers/$tool"
done

name=${triple//-/_}
env "CC_$name=$wrappers/cc" "CXX_$name=$wrappers/c++" "AR_$name=$wrappers/ar" "RANLIB_$name=$wrappers/ranlib" \
  "CARGO_TARGET_${name^^}_LINKER=$wrappers/cc" "$@"
