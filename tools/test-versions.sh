#!/usr/bin/env bash
# Tests the wheel of `make package-python` with the newest Pythons of Debian's sid. tools/test-node-versions.sh does it for Node.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/platforms/setup.sh sid
tests=(python/tests/test_{closing,forks,scenarios,vectors,mistakes,errors,egoi_sms,client,engine}.py)
for version in 3.14 3.15; do
  tools/platforms/python-packages.sh "sid/$version" x86_64 "$version"
  EGOI_PYTHON=python$version tools/platforms/enter.sh sid tools/platforms/inside-python.sh python/dist/*.whl \
    "target/platforms/sid/$version/python" "${tests[@]}"
done
