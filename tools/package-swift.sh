#!/usr/bin/env bash
# Makes the Swift package for Linux as it is published, with the release libraries, in target/swift/egoi-verify.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

# Each by a command of its own, as one command would unite their features; as one kind of library, as others keep it from being
# optimised as a whole.
shipped() { tools/without-paths.sh "${CARGO:-cargo}" rustc --locked --profile shipped --crate-type "$1" -p "$2"; }
shipped staticlib egoi-verify-native
shipped cdylib egoi-verify-phone-native
shipped cdylib egoi-verify-testing-native
tools/develop-swift.sh
mkdir -p target/swift
bindings/swift/package.sh target/swift/egoi-verify "$target/shipped"
