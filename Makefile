# `make demo` and `make test` do all their own set-up. See CONTRIBUTING.md for the others.

CARGO ?= cargo
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2
FUZZ_TARGETS := v1 v2 refusal number sms_text code
FUZZ_SECONDS ?= 3600

.PHONY: demo test lint chromium soak bench fuzz audit clean

demo:
	$(CARGO) run --quiet --locked -p egoi-verify --features cli -- demo

test: lint chromium
	$(CARGO) test --locked --workspace --all-features
	$(MAKE) test-kotlin test-swift

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-features --all-targets -- -D warnings
	$(CARGO) check --locked -p egoi-verify --no-default-features --features small-numbers
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --all-features --no-deps

# The inbox page is tested in a real browser. Only root can install one; for others that test says that it was skipped.
chromium:
	@command -v chromedriver >/dev/null && command -v chromium >/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; } \
	  || echo "CHROMIUM IS NOT INSTALLED AND CANNOT BE: THE INBOX PAGE WILL NOT BE TESTED"

# Every long check at its full count; its last run is in tests/SOAK.md.
soak:
	EGOI_SOAK=1 $(CARGO) test --locked --profile soak --workspace --all-features -- --nocapture

bench:
	$(CARGO) bench --locked -p egoi-verify --bench exchange --bench engine --bench generation --bench numbers

# A stable compiler is told to take the instrumentation's flags. What is found lies in fuzz/artifacts; as an input of
# tests/corpus it stays tested.
fuzz: tools/bin/cargo-fuzz
	for target in $(FUZZ_TARGETS); do \
	  mkdir -p fuzz/corpus/$$target && RUSTC_BOOTSTRAP=1 tools/bin/cargo-fuzz fuzz run $$target \
	    fuzz/corpus/$$target tests/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

audit: tools/bin/cargo-deny
	tools/bin/cargo-deny --locked check bans licenses sources

tools/bin/cargo-deny:
	$(CARGO) install --locked --root tools cargo-deny@$(DENY_VERSION)

tools/bin/cargo-fuzz:
	$(CARGO) install --locked --root tools cargo-fuzz@$(FUZZ_VERSION)

clean:
	$(CARGO) clean
	rm -rf tools fuzz/target
	rm -rf bindings/kotlin/target bindings/swift/.build bindings/swift/.native

include bindings/bindings.mk
