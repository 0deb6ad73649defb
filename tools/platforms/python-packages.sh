#!/usr/bin/env bash
# Puts what the Python tests import into target/platforms/TREE/python, for a Python of another processor or version, in the
# versions of python/requirements.txt: `tools/platforms/python-packages.sh TREE PROCESSOR VERSION`.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=target/platforms/$1/python

test ! "$folder/installed" -nt python/requirements.txt || exit 0
rm -rf "$folder"
mkdir -p "$folder"
# Without hashes: with them pip wants one for every package of the list, and most tools of the list are not for here.
sed 's/ *\\$//; /^ *--hash/d' python/requirements.txt >"$folder.constraints"
platforms=()
for glibc in 17 28 31 34; do platforms+=(--platform "manylinux_2_${glibc}_$2"); done
python/.venv/bin/python -m pip install --quiet --target "$folder" --platform "manylinux2014_$2" "${platforms[@]}" \
  --implementation cp --python-version "$3" --only-binary :all: --constraint "$folder.constraints" \
  celery django eventlet fastapi flask gevent gunicorn httpx pytest pytest-xdist sentry-sdk trio trustme typing-extensions uvicorn uvloop
touch "$folder/installed"
