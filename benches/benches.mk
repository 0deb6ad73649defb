# What the library costs, beside what else there is. Included by the root Makefile. See benches/README.md.

BENCH_ROUNDS ?= 15
BENCH_RESULTS := $(CARGO_TARGET)/benches
MEASURE = EGOI_BENCH_ROUNDS=$(BENCH_ROUNDS) $(PYTHON) benches/measure.py --results $(BENCH_RESULTS)
# As a crate's user has it: the optimisation of a release, without LTO.
BENCH_RUST := $(CARGO) bench --quiet --locked --profile soak -p egoi-verify --features sandbox \
  --bench exchange --bench engine --bench generation --bench numbers

.PHONY: bench bench-rust bench-python bench-node

bench: bench-rust

bench-rust:
	$(BENCH_RUST) --no-run
	$(MEASURE) --command "make $@" -- $(BENCH_RUST)

bench-python: wheel
	$(VENV)/bin/python python/benches/run.py

bench-node: addon
	cd node && npm run --silent bench
