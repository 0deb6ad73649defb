# The phone example: two apps, two servers. Included by the root Makefile.

KOTLIN_TARGET := bindings/kotlin/target
SWIFT_PHONE := env EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift run --skip-build Phone

.PHONY: test-phone phone-kotlin phone-swift kotlin-phone swift-phone

# Without Maven or Swift the part of that app is skipped, as test-kotlin and test-swift say in capitals.
test-phone: wheel addon kotlin-phone swift-phone
	PHONE_KOTLIN="$$(cat $(KOTLIN_TARGET)/phone-command 2>/dev/null)" \
	PHONE_SWIFT="$$(test -x bindings/swift/.build/debug/Phone && echo '$(SWIFT_PHONE)')" \
	  $(VENV)/bin/python -m pytest -q -n 2 -p no:cacheprovider examples/phone

kotlin-phone: kotlin
	if command -v mvn >/dev/null; then \
	  $(MAVEN) test-compile dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=target/classpath \
	    && echo "java -cp $(KOTLIN_TARGET)/classes:$(KOTLIN_TARGET)/test-classes:$$(cat $(KOTLIN_TARGET)/classpath) \
	       egoi.verify.phone.PhoneKt" >$(KOTLIN_TARGET)/phone-command; \
	else $(call SKIPPED,"MAVEN IS NOT INSTALLED AND CANNOT BE: THE KOTLIN APP OF THE PHONE EXAMPLE IS NOT TESTED"); fi

swift-phone: swift swift-toolchain
	EGOI_SWIFT_ROOT=$(SWIFT_ROOT) bindings/swift/swift build --product Phone

# With SERVER, the URL of the app's server, and NUMBER.
phone-kotlin: kotlin-phone
	@$$(cat $(KOTLIN_TARGET)/phone-command) '$(SERVER)' '$(NUMBER)'

phone-swift: swift-phone
	@$(SWIFT_PHONE) '$(SERVER)' '$(NUMBER)'
