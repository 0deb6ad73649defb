#!/usr/bin/env bash
# Builds the two apps of the phone example, and plays them against its two servers. Without Maven or Swift the part of that app
# is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/phone-app.sh build
PHONE_KOTLIN=$(tools/phone-app.sh command kotlin) PHONE_SWIFT=$(tools/phone-app.sh command swift) \
  python/.venv/bin/python -m pytest -q -n 2 -p no:cacheprovider examples/phone
