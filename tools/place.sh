#!/usr/bin/env bash
# Copies a library without its debug information to where a language looks for it: `tools/place.sh FROM TO`. The copy has the date
# of its original, so that an old one, or that of another build, is replaced.
set -euo pipefail
from=$1 to=$2

if test -e "$to" && test ! "$to" -nt "$from" && test ! "$to" -ot "$from"; then
  exit
fi
mkdir -p "$(dirname "$to")"
strip --strip-debug -o "$to.new" "$from"
touch --reference "$from" "$to.new"
# A running process may have the old one in use: it must not be written over.
mv "$to.new" "$to"
