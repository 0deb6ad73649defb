#!/usr/bin/env bash
# Copies a library without its debug information to where a language looks for it: `tools/place.sh FROM TO`. A copy that is newer
# than its original stays.
set -euo pipefail
from=$1 to=$2

test ! "$to" -nt "$from" || exit 0
mkdir -p "$(dirname "$to")"
strip --strip-debug -o "$to.new" "$from"
# A running process may have the old one in use: it must not be written over.
mv "$to.new" "$to"
