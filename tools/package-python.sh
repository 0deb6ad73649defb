#!/usr/bin/env bash
# Builds the wheel as it is published and installs it in python/.venv. zig is the linker, so that the wheel runs with an older
# glibc than this machine's.
set -euo pipefail
cd "$(dirname "$0")/../python"

export PATH=$PWD/.venv/bin:$PATH
rm -rf dist
../tools/licences.py egoi-verify-python >THIRD-PARTY-LICENSES.txt
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target} ../tools/without-paths.sh \
  maturin build --quiet --locked --profile shipped --zig --compatibility manylinux2014 --out dist
../tools/wheel_paths.py dist/*.whl
site=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# What tools/develop-python.sh has put there, which pip does not know how to replace.
rm -rf "$site"/egoi_verify "$site"/egoi_verify-*.dist-info "$site/egoi_verify.pth"
python -m pip install --quiet --force-reinstall --no-deps dist/*.whl
