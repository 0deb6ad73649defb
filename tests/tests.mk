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

# With it the Python extension's memory is checked.
valgrind:
	$(call FROM_DEBIAN,command -v valgrind,valgrind,\
	  VALGRIND IS NOT INSTALLED AND CANNOT BE: THE MEMORY OF THE EXTENSION WILL NOT BE CHECKED)

# Memory that is used after it was freed, and memory that nobody frees: core, with what fuzzing found, and the C interface
# below Kotlin and Swift. A stable compiler is told to take the flag.
HOST := $(shell $(firstword $(RUSTC) rustc) -vV | sed -n 's/^host: //p')
asan:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" $(CARGO) test --locked --target $(HOST) --target-dir $(CARGO_TARGET)/asan \
	  -p egoi-verify --features sandbox --lib --test wire --test client --test engine --test fuzz_corpus --test secrets
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" $(CARGO) test --locked --target $(HOST) --target-dir $(CARGO_TARGET)/asan \
	  -p egoi-verify-native --test c_interface

# The scenarios over every store. A server that is not installed is said in capitals.
test-stores: wheel addon postgres redis
	$(VENV)/bin/python tests/stores.py

# Whether the five languages are still one library: what each shows, read from what is shipped, is what is written down in
# tests/surface, and that is what the table there says.
SURFACES := target/surface

.PHONY: surface test-surface surfaces

test-surface: surfaces
	$(VENV)/bin/python tests/surface/check.py $(SURFACES)

# Writes down what each language shows now.
surface: surfaces
	cp $(SURFACES)/*.txt tests/surface
	$(VENV)/bin/python tests/surface/check.py

surfaces: wheel addon kotlin swift swift-toolchain
	rm -rf $(SURFACES) && mkdir -p $(SURFACES)
	RUSTDOC="$$PWD/tests/surface/rustdoc" $(CARGO) rustdoc --locked --quiet -p egoi-verify --lib --all-features -- \
	  -Zunstable-options --output-format json
	$(VENV)/bin/python tests/surface/rust.py $(CARGO_TARGET)/doc/egoi_verify.json > $(SURFACES)/rust.txt
	$(VENV)/bin/python tests/surface/python.py > $(SURFACES)/python.txt
	cd node && npm run --silent pack
	node tests/surface/node.mjs node node/build/egoi-verify > $(SURFACES)/node.txt
	if command -v mvn >/dev/null; then \
	  $(MAVEN) test-compile org.codehaus.mojo:exec-maven-plugin:3.6.4:java -Dexec.classpathScope=test \
	    -Dexec.mainClass=egoi.verify.surface.SurfaceKt -Dexec.arguments=$$PWD/$(SURFACES)/kotlin.txt; \
	else $(call SKIPPED,"MAVEN IS NOT INSTALLED AND CANNOT BE: THE SURFACE OF KOTLIN IS NOT LOOKED AT"); fi
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift build --quiet
	mkdir -p bindings/swift/.build/surface
	for module in EgoiVerify EgoiVerifyTesting; do \
	  EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift swift-symbolgraph-extract -module-name $$module \
	    -I .build/debug/Modules -I Sources/EgoiVerifyNativeFFI -I Sources/EgoiVerifyTestingNativeFFI \
	    -target $$(readlink bindings/swift/.build/debug | cut -d/ -f1) -minimum-access-level public -skip-synthesized-members \
	    -output-dir .build/surface || exit 1; \
	done
	set -- bindings/swift/.build/surface/EgoiVerify.symbols.json bindings/swift/.build/surface/EgoiVerifyTesting.symbols.json; \
	  test ! -e "$$1" || $(VENV)/bin/python tests/surface/swift.py "$$@" > $(SURFACES)/swift.txt
