# The Kotlin and the Swift module. Included by the root Makefile.

CARGO_TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
GENERATED := $(CARGO_TARGET)/bindings
NATIVE_MODULES := native testing_native
SWIFT_ROOT := $(or $(EGOI_SWIFT_ROOT),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/egoi-verify/swift)

MAVEN := mvn --batch-mode --quiet -f bindings/kotlin/pom.xml
JAVA_HOME_FOUND = $(shell readlink -f "$$(command -v javac)" | sed 's|/bin/javac$$||')
# With a project that uses the jars as they are installed.
MAVEN_WITH_USER := mvn --batch-mode --quiet -f bindings/kotlin/installed/with-library.pom.xml
# Shown where a part cannot be done here; in CI that is a failure.
SKIPPED = { echo $(1) >&2; test -z "$$CI"; }
# A test that waits for what never comes fails, whatever it waits for. The signal is what ends the tests too: SwiftPM's go on after
# TERM, and a virtual machine in the background may not hear INT.
BOUNDED = $(if $(shell command -v timeout),timeout --signal $(1) 20m)

.PHONY: bindings kotlin kotlin-jar swift swift-toolchain test-kotlin test-swift demo-kotlin demo-swift soak-swift bench-swift soak-kotlin bench-kotlin size-kotlin

# Generated from what is not stripped, where alone the generator finds what it reads; what ships is stripped.
bindings:
	$(CARGO) build --locked -p egoi-verify-native -p egoi-verify-testing-native -p egoi-verify-generator
	for module in $(NATIVE_MODULES); do \
	  $(CARGO_TARGET)/debug/egoi-verify-generator generate --no-format --language kotlin --language swift \
	    --config bindings/uniffi.toml --out-dir $(GENERATED) $(CARGO_TARGET)/debug/libegoi_verify_$$module.so || exit 1; \
	done

# What ships: small rather than fast, and stripped. As one kind of library alone, as others keep it from being optimised as a
# whole; and one command each, as features would be united in one. The one below the sandbox is for tests alone.
KOTLIN_NATIVE := bindings/kotlin/target/native/linux-x86-64
PHONE := $(CARGO) rustc --locked --profile phone --crate-type
NATIVE_OF_PHONE := -p egoi-verify-native --no-default-features --features small-numbers

kotlin: bindings
	$(PHONE) cdylib $(NATIVE_OF_PHONE)
	$(PHONE) cdylib -p egoi-verify-testing-native
	rm -rf bindings/kotlin/target/generated && mkdir -p bindings/kotlin/target/generated $(KOTLIN_NATIVE)
	cp -r $(GENERATED)/egoi bindings/kotlin/target/generated
	for module in $(NATIVE_MODULES); do cp $(CARGO_TARGET)/phone/libegoi_verify_$$module.so $(KOTLIN_NATIVE) || exit 1; done

# Maven needs Java 17 or newer. As root on Debian both are installed.
test-kotlin: kotlin service
	@command -v mvn >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends maven default-jdk-headless >/dev/null; } || true
	if command -v mvn >/dev/null; then $(call BOUNDED,TERM) $(MAVEN_WITH_USER) package; \
	else $(call SKIPPED,"MAVEN IS NOT INSTALLED AND CANNOT BE: THE KOTLIN MODULE IS NOT TESTED"); fi

# What a user installs, and no test.
kotlin-jar: kotlin
	$(MAVEN) package -Dchecked.before=true

# The whole suite, as in Swift's, so that no full count is forgotten.
soak-kotlin: kotlin service
	EGOI_SOAK=1 $(MAVEN) test

# See benches/README.md. On Linux, with two processors.
bench-kotlin: kotlin
	$(CARGO) build --locked -p egoi-verify-node --bench server --profile soak
	$(MAVEN:pom.xml=benches/with-library.pom.xml) package -Dchecked.before=true
	cc -shared -fPIC -O2 -pthread -I"$(JAVA_HOME_FOUND)/include" -I"$(JAVA_HOME_FOUND)/include/linux" \
	  -o bindings/kotlin/benches/target/libbridge.so bindings/kotlin/benches/src/main/c/bridge.c
	$(MEASURE) --command "make $@" -- taskset -c 0 java -Dbridge=bindings/kotlin/benches/target/libbridge.so \
	  -Dserver="$$(ls -t $(CARGO_TARGET)/soak/deps/server-* | grep -v '\.d$$' | head -n 1)" \
	  -cp "bindings/kotlin/benches/target/classes:$$(cat bindings/kotlin/benches/target/classpath)" egoi.verify.benches.BenchKt

# What the library for a phone is made of. It leaves one that is not stripped behind, which the next build replaces.
size-kotlin:
	$(PHONE) cdylib $(NATIVE_OF_PHONE) -- -C strip=none
	bindings/kotlin/size $(CARGO_TARGET)/phone/libegoi_verify_native.so

demo-kotlin: kotlin
	$(MAVEN) test-compile org.codehaus.mojo:exec-maven-plugin:3.6.4:java -Dexec.classpathScope=test \
	  -Dexec.mainClass=egoi.verify.demo.DemoKt

swift: bindings
	for module in Native TestingNative; do \
	  mkdir -p bindings/swift/Sources/EgoiVerify$$module \
	    && cp $(GENERATED)/EgoiVerify$$module.swift bindings/swift/Sources/EgoiVerify$$module/ \
	    && cp $(GENERATED)/EgoiVerify$${module}FFI.h bindings/swift/Sources/EgoiVerify$${module}FFI/ || exit 1; \
	done
	mkdir -p bindings/swift/.native
	for library in native.a testing_native.so; do \
	  strip --strip-debug -o bindings/swift/.native/made $(CARGO_TARGET)/debug/libegoi_verify_$$library \
	    && { cmp -s bindings/swift/.native/made bindings/swift/.native/libegoi_verify_$$library \
	         || cp bindings/swift/.native/made bindings/swift/.native/libegoi_verify_$$library; } || exit 1; \
	done

# A Debian 13 of its own with Swift 6.0.3, where there is no `swift`: only root can make one. Entering it takes the right to
# mount, which many a container has not; there proot does it.
APT_INSTALL := apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300
IS_DEBIAN_ROOT := test "$$(id -u)" = 0 && command -v apt-get >/dev/null

swift-toolchain:
	@command -v swift >/dev/null || test -x $(SWIFT_ROOT)/usr/libexec/swift/bin/swift \
	  || { $(IS_DEBIAN_ROOT) && { command -v mmdebstrap >/dev/null || { $(APT_INSTALL) mmdebstrap >/dev/null; }; } \
	       && mkdir -p $(dir $(SWIFT_ROOT)) && rm -rf $(SWIFT_ROOT).new \
	       && mmdebstrap --quiet --variant=apt --include=swiftlang,libc6-dev,libstdc++-14-dev trixie $(SWIFT_ROOT).new \
	       && chroot $(SWIFT_ROOT).new ldconfig && mv $(SWIFT_ROOT).new $(SWIFT_ROOT); } \
	  || true
	@command -v swift >/dev/null || unshare --mount true 2>/dev/null || unshare --user --map-root-user --mount true 2>/dev/null \
	  || command -v proot >/dev/null || { $(IS_DEBIAN_ROOT) && { $(APT_INSTALL) proot >/dev/null; }; } || true

test-swift: swift swift-toolchain service
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) $(call BOUNDED,INT) bindings/swift/swift test
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift build --target EgoiVerifyTesting --scratch-path .build/swift-5 \
	  -Xswiftc -swift-version -Xswiftc 5

demo-swift: swift swift-toolchain
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift run Demo

soak-swift: swift swift-toolchain service
	EGOI_SOAK=1 EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift test

# Against URLSession, with what a release ships.
bench-swift: swift swift-toolchain
	$(PHONE) staticlib $(NATIVE_OF_PHONE)
	mkdir -p bindings/swift/.native/release
	cp $(CARGO_TARGET)/phone/libegoi_verify_native.a bindings/swift/.native/release
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) EGOI_SWIFT_NATIVE=.native/release bindings/swift/swift build -c release --package-path benches
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) $(MEASURE) --command "make $@" -- bindings/swift/benches/run.sh
