#!/usr/bin/env bash
# Links and repeated sentences of the documents, and spelling everywhere.
set -euo pipefail
cd "$(dirname "$0")/.."

python/.venv/bin/python tools/check_links.py
python/.venv/bin/python tools/check_repeats.py
python/.venv/bin/typos --format brief
