# `make` lists the targets. Each does its own set-up. What takes more than three lines is a script in tools/.

CARGO ?= cargo
PYTHON ?= python3
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2
FUZZ_TARGETS := v1 v2 refusal number sms_text code retry_after fault session
VENV := python/.venv
MEASURE := $(PYTHON) benches/measure.py
export CARGO PYTHON

.DEFAULT_GOAL := help
.PHONY: help
help: ## this list
	@tools/help.sh Makefile

##@ Everything
.PHONY: demo test check soak bench audit fuzz setup clean
demo: ## play the main job against a sandbox; fails if anything is not as documented
	$(CARGO) run --quiet --locked -p egoi-verify --features cli -- demo

check: check-rust check-python check-node check-kotlin check-swift check-docs check-scripts ## formatting, lints and types of all languages

test: ## everything that must pass before a change goes in, three parts at a time
	RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/tools/lint-as-built.sh $(MAKE) --no-print-directory --jobs 3 --keep-going --output-sync=line every-test

# Three, for two cores: one of them often waits for a deadline of its tests, or for cargo's lock. In this order, as the first need
# no native module, which is built meanwhile, and then the longest comes first.
.PHONY: every-test
every-test: setup check-python check-node check-kotlin check-swift check-docs check-scripts test-python test-rust test-kotlin
every-test: test-node test-swift check-rust test-stores test-phone test-bench test-surface test-docs release-check
# In `make test`, these come after what writes into the same folders, or builds what they need.
after = | $(if $(filter every-test,$(MAKECMDGOALS)),$(1))

soak: test-packages check-platforms test-arm64 test-versions soak-rust soak-python soak-node soak-kotlin asan soak-swift docs ## every long check at its full count; put the result into docs/soak.md

bench: ## every measurement, one after the other; writes docs/benchmarks.md
	tools/bench.sh

audit: target/tools/bin/cargo-deny ## bans, licences and sources of the dependencies
	target/tools/bin/cargo-deny --locked check bans licenses sources

setup: ## install what the tests need of Debian; needs root
	tools/setup-debian.sh

clean: ## remove everything that was built
	$(CARGO) clean
	rm -rf fuzz/target tests/bin python/dist python/package/egoi_verify/*.so $(VENV) benches/.venv docs/site/.venv docs/site/node_modules python/tests/typing/node_modules node/tests/types/compilers/node_modules node/tests/frameworks/node_modules
	rm -rf node/build node/dist node/node_modules bindings/kotlin/target bindings/swift/.build bindings/swift/.native

##@ Inner loop: after a change of core, before one test of that language
.PHONY: native develop-python develop-node develop-kotlin develop-swift
develop-python: native $(VENV)/installed ## the native module into the checkout, the package into python/.venv
	tools/develop-python.sh

develop-node: native node/node_modules/.package-lock.json ## the addon into node/build, the TypeScript compiled
	tools/develop-node.sh

develop-kotlin: native ## the native libraries and the generated Kotlin into bindings/kotlin/target
	tools/develop-kotlin.sh

develop-swift: native ## the native libraries and the generated Swift into bindings/swift
	tools/develop-swift.sh

# One build for all of them.
native:
	tools/native.sh

##@ Formatting, lints and types
.PHONY: check-rust check-python check-node check-kotlin check-swift check-docs check-scripts
check-rust: $(call after,test-programs) ## rustfmt, Clippy, documentation
	tools/check-rust.sh

check-python: $(VENV)/installed ## the Python package
	tools/check-python.sh

check-node: node/node_modules/.package-lock.json ## the npm package
	tools/check-node.sh

check-kotlin: ## the Kotlin module
	tools/setup-debian.sh java
	tools/check-kotlin.sh

check-swift: ## the Swift package
	tools/check-swift.sh

check-docs: $(VENV)/installed ## links, repeated sentences and spelling
	tools/check-docs.sh

check-scripts: ## shellcheck
	tools/check-scripts.sh

##@ Tests
.PHONY: test-rust test-python test-node test-kotlin test-swift test-stores test-phone test-bench test-surface test-docs surface release-check
test-rust: test-programs ## core and the crates of the bindings
	tools/setup-debian.sh chromium postgres redis valkey
	$(CARGO) test --locked --workspace --all-features

test-python: develop-python test-programs python/tests/typing/node_modules ## the Python package; needs Node and npm for one of the type checkers
	tools/setup-debian.sh postgres redis openssl valgrind apache uwsgi
	$(VENV)/bin/python -m pytest -q -n 2 --dist loadgroup --ignore python/tests/test_package.py python/tests

test-node: packed-node test-programs node/tests/types/compilers/node_modules node/tests/frameworks/node_modules ## the npm package, installed in an empty project too
	tools/setup-debian.sh chromium postgres redis
	cd node && npm test --silent

test-kotlin: develop-kotlin test-programs ## the Kotlin module, and a project that uses the jars; needs Java 17 and Maven
	tools/setup-debian.sh java
	EGOI_POM=installed/with-library.pom.xml tools/maven.sh package -DexcludedGroups=shipped

test-swift: develop-swift test-programs ## the Swift package
	tools/setup-debian.sh swift
	tools/test-swift.sh

test-stores: develop-python develop-node develop-kotlin develop-swift $(call after,test-kotlin test-swift) ## the scenarios over every store
	tools/setup-debian.sh postgres redis java swift
	tools/compile-kotlin.sh
	$(VENV)/bin/python tests/stores.py

test-phone: develop-python develop-node develop-kotlin develop-swift $(call after,test-kotlin test-swift) ## the phone example
	tools/setup-debian.sh java swift
	tools/test-phone.sh

test-bench: develop-python develop-node benches/.venv/installed $(call after,test-programs) ## the measurements still run
	tools/test-bench.sh

test-docs: docs/site/.venv/installed docs/site/node_modules node/node_modules/.package-lock.json ## the site of the documentation, without the references, in a browser; every public item of Node has a comment
	tools/setup-debian.sh chromium
	docs/site/node_modules/.bin/typedoc --options docs/site/typedoc.json --emit none
	docs/site/.venv/bin/python docs/site/build.py
	node --test --test-reporter=dot docs/site/site.test.mjs

test-surface: surfaces ## what each language shows is what tests/surface says
	$(VENV)/bin/python tests/surface/check.py target/surface

surface: surfaces ## write down what each language shows now
	cp target/surface/*.txt tests/surface
	$(VENV)/bin/python tests/surface/check.py

release-check: packed-node $(VENV)/installed ## what can be checked of a release without a build: versions, changelog, workflows, what cargo and npm would publish
	$(VENV)/bin/python tools/release_check.py

.PHONY: surfaces packed-node test-programs
packed-node: develop-node
	cd node && npm run --silent pack

surfaces: develop-python packed-node develop-kotlin develop-swift $(call after,test-phone)
	tools/setup-debian.sh java swift
	tools/surfaces.sh

test-programs: native
	tools/test-programs.sh

##@ Long checks
.PHONY: test-fresh test-packages test-node-versions pumping soak-rust soak-python soak-node soak-kotlin soak-swift asan
soak-rust: test-programs ## core's at their full count
	tools/setup-debian.sh chromium postgres redis valkey
	EGOI_SOAK=1 $(CARGO) test --locked --profile soak --workspace --all-features -- --nocapture

pumping: ## replays ten thousand patterns of SMS fraud, and writes the table of docs/fraud.md
	EGOI_SOAK=1 EGOI_WRITE=1 $(CARGO) test --locked --profile soak -p egoi-verify --test pumping

soak-python: package-python test-programs python/tests/typing/node_modules ## the Python package's
	tools/setup-debian.sh postgres redis openssl valgrind apache uwsgi apache-debian-13
	EGOI_SOAK=1 $(VENV)/bin/python -m pytest -q python/tests

soak-node: package-node test-programs ## the npm package's
	tools/setup-debian.sh postgres redis
	cd node && npm run --silent soak

test-node-versions: packed-node test-programs node/tests/types/compilers/node_modules node/tests/frameworks/node_modules ## the npm package with Node 20, 22, 24 and the newest
	tools/setup-debian.sh chromium postgres redis
	tools/test-node-versions.sh

soak-kotlin: package-kotlin test-programs ## the Kotlin module's
	tools/setup-debian.sh java
	EGOI_SOAK=1 tools/maven.sh test -Dtest.compilers=4

soak-swift: develop-swift test-programs ## the Swift package's
	tools/setup-debian.sh swift
	EGOI_SOAK=1 bindings/swift/in-toolchain.sh test

test-fresh: ## make demo and make test in a minimal Debian with what the README names; needs root
	tools/test-fresh.sh

test-packages: package-python package-node package-kotlin package-swift test-programs ## what ships: its size, contents, symbols, source distribution
	$(VENV)/bin/python -m pytest -q python/tests/test_package.py
	cd node && node --test tests/shipped/*.test.mjs tests/package*.test.mjs
	EGOI_POM=installed/with-library.pom.xml tools/maven.sh package
	tools/setup-debian.sh swift
	EGOI_SWIFT_PACKAGE=../../target/swift/egoi-verify bindings/swift/in-toolchain.sh test --filter LinuxPackageTests

asan: ## core and the C interface with the address and leak sanitizer
	tools/asan.sh

##@ The documentation site
.PHONY: docs
docs: docs/site/.venv/installed docs/site/node_modules develop-python packed-node develop-kotlin develop-swift ## into target/docs/site, with the reference of each language; open index.html
	tools/setup-debian.sh java swift chromium
	tools/references.sh
	docs/site/.venv/bin/python docs/site/build.py --references
	node --test --test-reporter=dot docs/site/site.test.mjs

##@ Other systems; see docs/platforms.md
.PHONY: platforms check-platforms test-arm64 test-versions
platforms: ## the trees and toolchains of other systems; needs root on Debian
	tools/platforms/setup.sh

test-arm64: node/node_modules/.package-lock.json $(VENV)/installed test-programs ## the wheel and the npm package for Linux on arm64, run by qemu
	tools/platforms/test-arm64.sh

check-platforms: $(VENV)/installed ## compiles what ships for macOS, Windows, iOS and Android, without linking
	tools/platforms/check.sh

test-versions: package-python test-programs test-node-versions ## the wheel with Python 3.14 and 3.15 of Debian's sid, and the npm package with four versions of Node
	tools/test-versions.sh

##@ What ships
.PHONY: package-python package-node package-kotlin package-swift size-kotlin
package-python: $(VENV)/installed ## the wheel, into python/dist and python/.venv
	tools/package-python.sh

package-node: node/node_modules/.package-lock.json ## the npm packages, into node/build
	cd node && ../tools/without-paths.sh npm run --silent build && npm run --silent pack

package-kotlin: native ## the jars, into bindings/kotlin/target
	tools/setup-debian.sh java
	tools/package-kotlin.sh

package-swift: native ## the Swift package, into target/swift/egoi-verify
	tools/package-swift.sh

size-kotlin: ## what the library for a phone is made of
	$(CARGO) rustc --locked --profile shipped --crate-type cdylib -p egoi-verify-phone-native -- -C strip=none
	bindings/kotlin/size.py $(or $(CARGO_TARGET_DIR),target)/shipped/libegoi_verify_phone_native.so

##@ Demos and the phone example
.PHONY: demo-python demo-node demo-kotlin demo-swift phone-kotlin phone-swift
demo-python: develop-python ## the main job in Python
	$(VENV)/bin/python python/demo.py

demo-node: develop-node ## in JavaScript
	cd node && npm run --silent demo

demo-kotlin: develop-kotlin ## in Kotlin
	tools/setup-debian.sh java
	tools/maven.sh test-compile org.codehaus.mojo:exec-maven-plugin:3.6.4:java -Dexec.classpathScope=test -Dexec.mainClass=egoi.verify.demo.DemoKt

demo-swift: develop-swift ## in Swift
	tools/setup-debian.sh swift
	bindings/swift/in-toolchain.sh run Demo

phone-kotlin phone-swift: phone-%: develop-kotlin develop-swift ## the app, with SERVER=URL and NUMBER
	tools/phone-app.sh build
	$$(tools/phone-app.sh command $*) '$(SERVER)' '$(NUMBER)'

##@ Measurements, on a machine that does nothing else; see benches/README.md
.PHONY: bench-rust bench-python bench-node bench-kotlin bench-swift bench-sizes bench-report
bench-rust: ## core, and the stores on real servers
	tools/setup-debian.sh postgres redis
	tools/bench-rust.sh

bench-python: package-python ## the wheel
	$(MEASURE) --command "make $@" -- $(VENV)/bin/python python/benches/run.py

bench-node: package-node ## the npm package
	$(MEASURE) --command "make $@" -- npm --prefix node run --silent bench

bench-kotlin: package-kotlin ## the Kotlin module; on Linux, with two processors
	tools/setup-debian.sh java
	tools/bench-kotlin.sh

bench-swift: develop-swift ## the Swift package
	tools/setup-debian.sh swift
	tools/bench-swift.sh

bench-sizes: package-python package-node package-kotlin ## the sizes of the packages
	$(MEASURE) --command "make $@" -- $(VENV)/bin/python benches/sizes.py

bench-report: benches/.venv/installed ## docs/benchmarks.md, every table and the pictures
	benches/.venv/bin/python benches/report.py $(or $(CARGO_TARGET_DIR),target)/benches

##@ Fuzzing, an hour for each decoder: FUZZ_SECONDS=60 for a minute, `make --jobs 2 fuzz` for two at a time
.PHONY: $(FUZZ_TARGETS:%=fuzz-%) fuzz-build
fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## every decoder; `make fuzz-number` fuzzes one

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: fuzz-build
	tools/fuzz.sh $*

fuzz-build: target/tools/bin/cargo-fuzz
	RUSTC_BOOTSTRAP=1 target/tools/bin/cargo-fuzz fuzz build

##@ Pinned packages; needs `uv`
PIN = uv pip compile --quiet --universal --python-version $(1) --generate-hashes --no-emit-index-url --no-header --no-annotate
.PHONY: pins
pins: ## pin the Python packages anew, after a change of a requirements.in
	$(call PIN,3.10) --output-file python/requirements.txt python/requirements.in
	$(call PIN,3.10) --output-file benches/requirements.txt benches/requirements.in
	$(call PIN,3.11) --output-file docs/site/requirements.txt docs/site/requirements.in
	$(call PIN,3.10) --output-file tools/uv/requirements.txt tools/uv/requirements.in

# What the targets above take into the checkout.
$(VENV)/installed: python/requirements.txt
	tools/python-environment.sh $(VENV) $<

benches/.venv/installed: benches/requirements.txt
	tools/python-environment.sh benches/.venv $<

# Not `npm ci`, which refuses a lockfile that lacks what the registry has not of other systems.
node/node_modules/.package-lock.json: node/package-lock.json
	cd node && npm install --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

docs/site/.venv/installed: docs/site/requirements.txt
	tools/python-environment.sh docs/site/.venv $<

docs/site/node_modules python/tests/typing/node_modules node/tests/types/compilers/node_modules node/tests/frameworks/node_modules: %/node_modules: %/package-lock.json
	cd $* && npm ci --silent --no-audit --no-fund && touch node_modules

target/tools/bin/cargo-deny:
	$(CARGO) install --locked --root target/tools cargo-deny@$(DENY_VERSION)

target/tools/bin/cargo-fuzz:
	$(CARGO) install --locked --root target/tools cargo-fuzz@$(FUZZ_VERSION)
