# `make demo` and `make test` do all their own set-up. See CONTRIBUTING.md for the others.

CARGO ?= cargo
PYTHON ?= python3
VENV := python/.venv
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2
FUZZ_TARGETS := v1 v2 refusal number sms_text code retry_after fault session
FUZZ_SECONDS ?= 3600
VALKEY := /opt/egoi-verify/valkey
# For a Debian that has no package of it: that of Debian 13, run by its own loader. It is whole once the program is there.
VALKEY_OF_DEBIAN_13 = { { command -v mmdebstrap >/dev/null || apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null; } \
  && rm -rf $(VALKEY) && mkdir -p $(dir $(VALKEY)) \
  && mmdebstrap --quiet --variant=extract --include=valkey-server trixie $(VALKEY) && chmod 755 $(VALKEY) \
  && printf '\#!/bin/sh\nexec $(VALKEY)/usr/lib64/ld-linux-*.so.2 --library-path $$(echo $(VALKEY)/usr/lib/*-linux-gnu) \
       $(VALKEY)/usr/bin/valkey-server "$$@"\n' >$(VALKEY)/valkey-server && chmod 755 $(VALKEY)/valkey-server; }

.PHONY: demo demo-python demo-node test test-core test-python test-node lint chromium postgres redis store-commands wheel addon soak soak-core soak-python soak-node pins fuzz fuzz-build $(FUZZ_TARGETS:%=fuzz-%) audit clean

demo:
	$(CARGO) run --quiet --locked -p egoi-verify --features cli -- demo

# Needs Python 3.10 or newer with `venv`.
demo-python: wheel
	$(VENV)/bin/python python/demo.py

test: test-core test-python test-node test-stores test-kotlin test-swift test-phone test-bench test-surface

# What a part of `make test` and its long form in `make soak` both need.
test-core soak-core: chromium toxiproxy postgres redis
test-python soak-python: wheel service valgrind postgres redis store-commands python/tests/typing/node_modules
test-node soak-node: addon service postgres redis

test-core: lint
	$(CARGO) test --locked --workspace --all-features

# Needs Node and npm too, for one of the type checkers.
test-python:
	$(VENV)/bin/python -m pytest -q -n 2 --dist loadgroup python/tests

demo-node: addon
	cd node && npm run --silent demo

# The npm package: built, packed, installed in an empty project, tested there and here.
test-node: chromium
	cd node && npm run --silent lint && npm run --silent pack && npm test --silent

addon: node/node_modules/.package-lock.json
	cd node && npm run --silent build

# What the tests need. Not `npm ci`, which refuses a lockfile that lacks what the registry has not of other systems.
node/node_modules/.package-lock.json: node/package-lock.json
	cd node && npm install --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-features --all-targets -- -D warnings
	$(CARGO) clippy --locked -p egoi-verify --no-default-features --features small-numbers -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --all-features --no-deps

# What the tests need of Debian: whether it is there, its packages, and what is said where it is not and cannot be, as only root
# can install it. Then those tests are skipped; in CI they fail.
define FROM_DEBIAN
@{ $(1); } >/dev/null 2>&1 \
  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
       && apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) >/dev/null; } \
  || echo "$(strip $(3))"
endef

# The inbox page is tested in a real browser.
chromium:
	$(call FROM_DEBIAN,command -v chromedriver && command -v chromium,chromium chromium-driver,\
	  CHROMIUM IS NOT INSTALLED AND CANNOT BE: THE INBOX PAGE WILL NOT BE TESTED)

# Of the store in PostgreSQL. Debian keeps its programs out of the path.
postgres:
	$(call FROM_DEBIAN,ls /usr/lib/postgresql/*/bin/initdb || command -v initdb,postgresql,\
	  POSTGRESQL IS NOT INSTALLED AND CANNOT BE: THE STORE IN POSTGRESQL WILL NOT BE TESTED)

# Of the store in Redis; the tests start servers of their own, and stop them.
redis:
	$(call FROM_DEBIAN,command -v redis-server,redis-server,REDIS IS NOT INSTALLED AND CANNOT BE: THE STORE IN REDIS WILL NOT BE TESTED)
	@command -v valkey-server >/dev/null || test -x $(VALKEY)/valkey-server \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	       && { apt-get update -qq && apt-get install -y -qq --no-install-recommends valkey-server >/dev/null 2>&1 \
	            || $(VALKEY_OF_DEBIAN_13); }; } \
	  || echo "VALKEY IS NOT INSTALLED AND CANNOT BE: THE STORE IN VALKEY WILL NOT BE TESTED"

# The commands of docs/stores.md beside those of the servers.
store-commands:
	$(call FROM_DEBIAN,command -v openssl && command -v sqlite3,openssl sqlite3,\
	  OPENSSL OR SQLITE3 IS NOT INSTALLED AND CANNOT BE: A COMMAND OF DOCS/STORES.MD WILL NOT BE TESTED)

# Every long check at its full count; its last run is in tests/SOAK.md. Each part can run by itself.
soak: soak-core soak-python soak-node soak-kotlin asan soak-swift

soak-core:
	EGOI_SOAK=1 $(CARGO) test --locked --profile soak --workspace --all-features -- --nocapture

soak-python:
	EGOI_SOAK=1 $(VENV)/bin/python -m pytest -q python/tests

soak-node:
	cd node && npm run --silent soak

# The wheel as it is published, installed where the tests run. zig is the linker, so that the wheel runs with an older
# glibc than this machine's.
wheel: $(VENV)/installed
	rm -rf python/dist
	cd python && PATH="$$PWD/.venv/bin:$$PATH" CARGO_TARGET_DIR=../target \
	  maturin build --quiet --locked --profile wheel --zig --compatibility manylinux2014 --out dist
	$(VENV)/bin/python -m pip install --quiet --force-reinstall --no-deps python/dist/*.whl

$(VENV)/installed: python/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r python/requirements.txt
	touch $@

python/tests/typing/node_modules: python/tests/typing/package-lock.json
	cd python/tests/typing && npm ci --silent --no-audit --no-fund && touch node_modules

# After a change of python/requirements.in; needs `uv`.
pins:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --output-file python/requirements.txt python/requirements.in

# A stable compiler is told to take the instrumentation's flags. What is found lies in fuzz/artifacts; as an input of
# tests/corpus it stays tested.
fuzz: $(FUZZ_TARGETS:%=fuzz-%)

# Each for an hour, one after the other; `make --jobs 2 fuzz` has two at a time.
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: fuzz-build
	mkdir -p fuzz/corpus/$*
	RUSTC_BOOTSTRAP=1 tools/bin/cargo-fuzz fuzz run $* fuzz/corpus/$* tests/corpus/$* -- \
	  -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1

fuzz-build: tools/bin/cargo-fuzz
	RUSTC_BOOTSTRAP=1 tools/bin/cargo-fuzz fuzz build

audit: tools/bin/cargo-deny
	tools/bin/cargo-deny --locked check bans licenses sources

tools/bin/cargo-deny:
	$(CARGO) install --locked --root tools cargo-deny@$(DENY_VERSION)

tools/bin/cargo-fuzz:
	$(CARGO) install --locked --root tools cargo-fuzz@$(FUZZ_VERSION)

clean:
	$(CARGO) clean
	rm -rf tools fuzz/target tests/bin python/dist $(VENV) benches/.venv python/tests/typing/node_modules node/build node/dist node/node_modules
	rm -rf bindings/kotlin/target bindings/swift/.build bindings/swift/.native

include bindings/bindings.mk
include tests/tests.mk
include examples/phone/phone.mk
include benches/benches.mk
