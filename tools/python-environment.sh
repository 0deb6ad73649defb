#!/usr/bin/env bash
# Makes a virtual environment with pinned packages: `tools/python-environment.sh FOLDER REQUIREMENTS`.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1 requirements=$2
install=(pip install --quiet --require-hashes --only-binary :all: -r)

# uv takes a tenth of pip's processor time.
tools=${CARGO_TARGET_DIR:-target}/tools
uv=$tools/uv/bin/uv
mkdir -p "$tools"
# Several targets of make may come here at once.
exec 9>"$tools/uv.lock"
flock 9
if ! test "$tools/uv/installed" -nt tools/uv/requirements.txt; then
  "${PYTHON:-python3}" -m venv --clear "$tools/uv"
  "$tools/uv/bin/python" -m "${install[@]}" tools/uv/requirements.txt
  touch "$tools/uv/installed"
fi
exec 9>&-

"${PYTHON:-python3}" -m venv --clear "$environment"
# uv does not read pip's configuration, which may name the only registry that can be reached.
"$uv" "${install[@]}" "$requirements" --python "$environment/bin/python" ||
  "$environment/bin/python" -m "${install[@]}" "$requirements"
touch "$environment/installed"
