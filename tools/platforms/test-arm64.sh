#!/usr/bin/env bash
# The wheel and the npm package for Linux on arm64: built here, installed in a clean place of a Debian 13 for arm64, and tested
# there by qemu. `tools/platforms/test-arm64.sh [build] [python] [node]`; all of them without a name.
set -euo pipefail
cd "$(dirname "$0")/../.."

parts=("$@")
test $# -gt 0 || parts=(build python node)
tools/platforms/setup.sh rust arm64
built=target/platforms/aarch64-unknown-linux-gnu
for part in "${parts[@]}"; do
  case $part in
    build) tools/platforms/build.sh aarch64-unknown-linux-gnu.2.17 wheel addon ;;
    python)
      tools/check-glibc.sh 2.17 "$built"/dist/*.whl
      tools/platforms/python-packages.sh arm64 aarch64 3.13
      tools/platforms/enter.sh arm64 tools/platforms/inside-python.sh "$built"/dist/*.whl target/platforms/arm64/python
      ;;
    node)
      tools/platforms/node-project.sh arm64 linux-arm64-gnu "$built/shipped/libegoi_verify_node.so"
      tools/check-glibc.sh 2.17 target/platforms/arm64/egoi-verify-linux-arm64-gnu-*.tgz
      tools/platforms/enter.sh arm64 tools/platforms/inside-node.sh target/platforms/arm64
      ;;
  esac
done
