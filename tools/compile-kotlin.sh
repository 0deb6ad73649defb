#!/usr/bin/env bash
# Compiles the Kotlin module and its tests, unless that was done since tools/develop-kotlin.sh, which removes the classes.
set -euo pipefail
cd "$(dirname "$0")/.."

test -d bindings/kotlin/target/test-classes/egoi || tools/maven.sh test-compile
