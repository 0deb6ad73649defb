#!/usr/bin/env bash
# Formatting, lints and types of the Python package.
set -euo pipefail
cd "$(dirname "$0")/../python"
