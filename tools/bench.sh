#!/usr/bin/env bash
# Every measurement, one after the other whatever make's -j says, and the report of them.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf "${CARGO_TARGET_DIR:-target}/benches"
for part in rust python node kotlin swift sizes; do
  make --no-print-directory "bench-$part"
done
make --no-print-directory bench-report
