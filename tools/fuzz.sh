#!/usr/bin/env bash
# Fuzzes one decoder for FUZZ_SECONDS: `tools/fuzz.sh TARGET`. What it finds lies in fuzz/artifacts; as an input of tests/corpus it
# stays tested. RUSTC_BOOTSTRAP has a stable compiler take the instrumentation's flags.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p "fuzz/corpus/$1"
RUSTC_BOOTSTRAP=1 target/tools/bin/cargo-fuzz fuzz run "$1" "fuzz/corpus/$1" "tests/corpus/$1" -- \
  -max_total_time="${FUZZ_SECONDS:-3600}" -print_final_stats=1
