#!/usr/bin/env bash
# Puts the addon that tools/native.sh built into place, and compiles the TypeScript.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/place.sh "${CARGO_TARGET_DIR:-target}/debug/libegoi_verify_node.so" node/build/egoi-verify.node
rm -rf node/dist
node node/node_modules/typescript/bin/tsc --project node
