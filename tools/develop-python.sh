#!/usr/bin/env bash
# Has python/.venv import the package of the checkout, with the native module that tools/native.sh built.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/place.sh "${CARGO_TARGET_DIR:-target}/debug/lib_native.so" python/package/egoi_verify/_native.abi3.so
cd python
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# Whatever is installed there of another build.
rm -rf "$site"/egoi_verify "$site"/egoi_verify-*.dist-info
echo "$PWD/package" >"$site/egoi_verify.pth"
# The entry point of the pytest plugin is in here.
PATH=$PWD/.venv/bin:$PATH maturin pep517 write-dist-info --metadata-directory "$site" --interpreter .venv/bin/python >/dev/null
