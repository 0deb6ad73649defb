# What the tests of several languages share. Included by the root Makefile.

GO ?= go

.PHONY: service toxiproxy test-stores

# The scripted service of tests/faults, where the runner of every language looks for it.
service: toxiproxy
	$(CARGO) build --quiet --locked -p scripted-service
	install -D $(CARGO_TARGET)/debug/scripted-service tests/bin/scripted-service

# What makes the way to that service slow and unreliable. Go fetches and checks it by tests/toxiproxy/go.sum.
toxiproxy:
	if command -v $(GO) >/dev/null; then \
	  cd tests/toxiproxy && $(GO) build -o ../bin/toxiproxy-server github.com/Shopify/toxiproxy/v2/cmd/server; \
	else $(call SKIPPED,"GO IS NOT INSTALLED: NO CALL IS TESTED THROUGH TOXIPROXY"); fi

.PHONY: asan valgrind

# With it the Python extension's memory is checked. Only root can install it; for others that test says that it was skipped.
valgrind:
	@command -v valgrind >/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind >/dev/null; } \
	  || true

# Memory that is used after it was freed, and memory that nobody frees: core, with what fuzzing found, and the C interface
# below Kotlin and Swift. A stable compiler is told to take the flag.
HOST := $(shell $(firstword $(RUSTC) rustc) -vV | sed -n 's/^host: //p')
asan:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" $(CARGO) test --locked --target $(HOST) --target-dir $(CARGO_TARGET)/asan \
	  -p egoi-verify --features sandbox --lib --test wire --test engine --test fuzz_corpus --test secrets
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" $(CARGO) test --locked --target $(HOST) --target-dir $(CARGO_TARGET)/asan \
	  -p egoi-verify-native --test c_interface

# The scenarios over every store. A server that is not installed is said in capitals.
test-stores: wheel addon redis
	$(VENV)/bin/python tests/stores.py
