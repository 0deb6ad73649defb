#!/usr/bin/env bash
# The Kotlin module beside a hand-written JNI bridge; on Linux, with two processors. `make bench-kotlin` runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
benches=bindings/kotlin/benches

server=$("${CARGO:-cargo}" build --quiet --locked --profile soak -p egoi-verify-node --bench server --message-format json \
  | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
EGOI_POM=benches/with-library.pom.xml tools/maven.sh package -Dchecked.before=true
java_home=$(readlink -f "$(command -v javac)" | sed 's|/bin/javac$||')
cc -shared -fPIC -O2 -pthread -I"$java_home/include" -I"$java_home/include/linux" -o $benches/target/libbridge.so \
  $benches/src/main/c/bridge.c
"${PYTHON:-python3}" benches/measure.py --command "make bench-kotlin" -- taskset -c 0 java -Dbridge=$benches/target/libbridge.so -Dserver="$server" \
  -cp "$benches/target/classes:$(cat $benches/target/classpath)" egoi.verify.benches.BenchKt
