#!/usr/bin/env bash
# Prints the targets of a Makefile with what stands behind `##` on their lines, below the headings `##@`.
set -euo pipefail
awk -F ':.*## ' '
  /^##@ / { print "\n" substr($0, 5) }
  /^[a-z][a-zA-Z0-9_. -]*:.*## / { printf "  %-18s %s\n", $1, $2 }
' "$1"
