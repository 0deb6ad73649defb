# What the tests of several languages share. Included by the root Makefile.

.PHONY: service

# The scripted service of tests/faults, where the runner of every language looks for it.
service:
	$(CARGO) build --quiet --locked -p scripted-service
	install -D $(CARGO_TARGET)/debug/scripted-service tests/bin/scripted-service
