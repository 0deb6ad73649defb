#!/usr/bin/env bash
# Links and spelling of the documents.
set -euo pipefail
cd "$(dirname "$0")/.."
