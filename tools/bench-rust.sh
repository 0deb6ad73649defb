#!/usr/bin/env bash
# The benches of core as a user of the crate has it: the optimisation of a release, without LTO. The stores are measured on
# real servers.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t benches < <(find core/benches -maxdepth 1 -name '*.rs' -printf '--bench=%f\n' | sed 's/\.rs$//' | sort)
bench=("${CARGO:-cargo}" bench --quiet --locked --profile soak -p egoi-verify --features "sandbox,sqlite,postgres,redis" "${benches[@]}")
"${bench[@]}" --no-run
"${PYTHON:-python3}" benches/measure.py --command "make bench-rust" -- "${bench[@]}"
