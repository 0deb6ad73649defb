#!/usr/bin/env bash
# Builds the jars as they are published. Their native libraries are stripped, the server's is fast and the others are small: each by
# a command of its own, as one command would unite their features; as one kind of library, as others keep it from being optimised
# as a whole.
set -euo pipefail
cd "$(dirname "$0")/.."

library() { tools/without-paths.sh "${CARGO:-cargo}" rustc --locked --crate-type cdylib "$@"; }
# With the stores of a server.
library --profile server -p egoi-verify-native
library --profile shipped -p egoi-verify-phone-native
# The sandbox: only for tests.
library --profile shipped -p egoi-verify-testing-native
tools/develop-kotlin.sh shipped
tools/maven.sh package -Dchecked.before=true
