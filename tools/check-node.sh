#!/usr/bin/env bash
# Formatting, lints and types of the npm package.
set -euo pipefail
cd "$(dirname "$0")/../node"

npm run --silent lint
