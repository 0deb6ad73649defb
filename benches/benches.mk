# What the library costs, beside what else there is. Included by the root Makefile. See benches/README.md.

BENCH_ROUNDS ?= 15
BENCH_RESULTS ?= $(CARGO_TARGET)/benches
BENCH_PYTHON := benches/.venv/bin/python
MEASURE = EGOI_BENCH_ROUNDS=$(BENCH_ROUNDS) CARGO_TARGET_DIR=$(CARGO_TARGET) $(PYTHON) benches/measure.py --results $(BENCH_RESULTS)
# As a crate's user has it: the optimisation of a release, without LTO.
RUST_BENCHES := $(sort $(basename $(notdir $(wildcard core/benches/*.rs))))
BENCH_RUST := $(CARGO) bench --quiet --locked --profile soak -p egoi-verify --features sandbox,sqlite,postgres,redis \
  $(addprefix --bench=,$(RUST_BENCHES))

.PHONY: bench bench-rust bench-python bench-node bench-sizes bench-report bench-pins test-bench

# One after the other, whatever -j says: they are measured.
bench: wheel addon benches/.venv/installed
	rm -rf $(BENCH_RESULTS)
	$(MAKE) --no-print-directory bench-rust
	$(MEASURE) --command "make bench-python" -- $(VENV)/bin/python python/benches/run.py
	$(MEASURE) --command "make bench-node" -- npm --prefix node run --silent bench
	$(MAKE) --no-print-directory bench-kotlin || $(call SKIPPED,"KOTLIN IS NOT MEASURED")
	$(MAKE) --no-print-directory bench-swift || $(call SKIPPED,"SWIFT IS NOT MEASURED")
	$(MAKE) --no-print-directory bench-sizes
	$(MAKE) --no-print-directory bench-report

# The stores are measured on real servers.
bench-rust: postgres redis
	$(BENCH_RUST) --no-run
	$(MEASURE) --command "make $@" -- $(BENCH_RUST)

bench-python: wheel
	$(MEASURE) --command "make $@" -- $(VENV)/bin/python python/benches/run.py

bench-node: addon
	$(MEASURE) --command "make $@" -- npm --prefix node run --silent bench

# Of the wheel, the npm package and the jar that were built last.
bench-sizes:
	cd node && npm run --silent pack
	$(PHONE) cdylib --quiet $(NATIVE_OF_PHONE)
	$(MEASURE) --command "make $@" -- $(VENV)/bin/python benches/sizes.py

bench-report: benches/.venv/installed
	$(BENCH_PYTHON) benches/report.py $(BENCH_RESULTS)

# That all of it still runs, but the stores, whose servers have to be filled first: next to no work, with what `cargo test` has
# built, and a page that nobody keeps.
test-bench: SMOKE := $(CARGO_TARGET)/bench-smoke
test-bench: wheel addon benches/.venv/installed
	rm -rf $(SMOKE)
	export EGOI_BENCH_SHORT=1 && $(MEASURE:$(BENCH_RESULTS)=$(SMOKE)/results) --command "make $@" -- sh -ec ' \
	  $(CARGO) test --quiet --locked --workspace --all-features $(addprefix --bench=,$(filter-out stores,$(RUST_BENCHES))) >/dev/null; \
	  $(VENV)/bin/python python/benches/run.py; npm --prefix node run --silent bench; \
	  $(VENV)/bin/python benches/sizes.py' >/dev/null
	$(BENCH_PYTHON) -m unittest discover -s benches
	$(BENCH_PYTHON) benches/report.py $(SMOKE)/results --to $(SMOKE)

benches/.venv/installed: benches/requirements.txt
	$(PYTHON) -m venv --clear benches/.venv
	$(BENCH_PYTHON) -m pip install --quiet --require-hashes --only-binary :all: -r benches/requirements.txt
	touch $@

# After a change of benches/requirements.in; needs `uv`.
pins: bench-pins

bench-pins:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --output-file benches/requirements.txt benches/requirements.in
