#!/usr/bin/env bash
# The Kotlin module; on Linux, with two processors. `make bench-kotlin` runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
benches=bindings/kotlin/benches

server=$("${CARGO:-cargo}" build --quiet --locked --profile soak -p egoi-verify-node --bench server --message-format json \
  | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
EGOI_POM=benches/with-library.pom.xml tools/maven.sh package -Dchecked.before=true
"${PYTHON:-python3}" benches/measure.py --command "make bench-kotlin" -- taskset -c 0 java -Dserver="$server" \
  -cp "$benches/target/classes:$(cat $benches/target/classpath)" egoi.verify.benches.BenchKt
