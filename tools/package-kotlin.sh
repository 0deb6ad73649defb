#!/usr/bin/env bash
# Builds the jars as they are published. Their native libraries are small rather than fast, and stripped: each by a command of its
# own, as one command would unite their features; as one kind of library, as others keep it from being optimised as a whole.
set -euo pipefail
cd "$(dirname "$0")/.."

shipped() { tools/without-paths.sh "${CARGO:-cargo}" rustc --locked --profile shipped --crate-type cdylib "$@"; }
# With the stores of a server.
shipped -p egoi-verify-native
shipped -p egoi-verify-phone-native
# The sandbox: only for tests.
shipped -p egoi-verify-testing-native
tools/develop-kotlin.sh shipped
tools/maven.sh package -Dchecked.before=true
