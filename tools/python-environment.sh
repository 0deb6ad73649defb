#!/usr/bin/env bash
# Makes a virtual environment with pinned packages: `tools/python-environment.sh FOLDER REQUIREMENTS`.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1 requirements=$2

"${PYTHON:-python3}" -m venv --clear "$environment"
"$environment/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r "$requirements"
touch "$environment/installed"
