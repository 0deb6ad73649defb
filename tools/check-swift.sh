#!/usr/bin/env bash
# Formatting of the Swift package.
set -euo pipefail
cd "$(dirname "$0")/.."
