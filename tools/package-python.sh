#!/usr/bin/env bash
# Builds the wheel as it is published and installs it in python/.venv. zig is the linker, so that the wheel runs with an older
# glibc than this machine's.
set -euo pipefail
cd "$(dirname "$0")/../python"

export PATH=$PWD/.venv/bin:$PATH
rm -rf dist
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target} \
  maturin build --quiet --locked --profile shipped --zig --compatibility manylinux2014 --out dist
python -m pip install --quiet --force-reinstall --no-deps dist/*.whl
