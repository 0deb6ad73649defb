#!/usr/bin/env bash
# Formatting and lints of the Kotlin module.
set -euo pipefail
cd "$(dirname "$0")/.."

bindings/kotlin/lint.sh
