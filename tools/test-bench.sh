#!/usr/bin/env bash
# Runs every measurement but the stores', whose servers have to be filled first: next to no work each, with what `cargo test` has
# built, and a page that nobody keeps.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
results=$target/bench-smoke/results
export EGOI_BENCH_SHORT=1

rm -rf "$target/bench-smoke"
mapfile -t benches < <(find core/benches -maxdepth 1 -name '*.rs' ! -name stores.rs -printf '--bench=%f\n' | sed 's/\.rs$//' | sort)
measure() { "${PYTHON:-python3}" benches/measure.py --results "$results" --command "make test-bench" -- "$@" >/dev/null; }
measure "${CARGO:-cargo}" test --quiet --locked --workspace --all-features "${benches[@]}"
measure python/.venv/bin/python python/benches/run.py
measure npm --prefix node run --silent bench
measure python/.venv/bin/python benches/sizes.py
benches/.venv/bin/python -m unittest discover -s benches
benches/.venv/bin/python benches/report.py "$results" --to "$target/bench-smoke"
