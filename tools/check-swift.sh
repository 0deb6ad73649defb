#!/usr/bin/env bash
# Formatting of the Swift package.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup-debian.sh swift
bindings/swift/lint.sh
