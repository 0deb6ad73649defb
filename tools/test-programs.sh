#!/usr/bin/env bash
# Puts what the tests of every language start into tests/bin: the scripted service of tests/faults, and toxiproxy, which makes
# the way to it slow and unreliable. Go checks toxiproxy by tests/toxiproxy/go.sum.
set -euo pipefail
cd "$(dirname "$0")/.."

install -D "${CARGO_TARGET_DIR:-target}/debug/scripted-service" tests/bin/scripted-service
if command -v "${GO:-go}" >/dev/null; then
  cd tests/toxiproxy
  "${GO:-go}" build -o ../bin/toxiproxy-server github.com/Shopify/toxiproxy/v2/cmd/server
else
  echo "GO IS NOT INSTALLED: NO CALL IS TESTED THROUGH TOXIPROXY" >&2
  test -z "${CI:-}"
fi
