#!/usr/bin/env bash
# Puts the native libraries and the generated Kotlin where Maven looks for them: those that tools/native.sh built, or with the
# argument `shipped` those that ship, as in `tools/develop-kotlin.sh shipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
others=${1:-debug}
server=${others/shipped/server}
maven=bindings/kotlin/target
native=$maven/native/linux-x86-64

mkdir -p "$maven" "$native"
# Classes of files that have another name now would still run.
rm -rf "$maven/generated" "$maven/classes" "$maven/test-classes"
mkdir "$maven/generated"
cp -r "$target/bindings/egoi" "$maven/generated"
for library in "$server/libegoi_verify_native" "$others/libegoi_verify_testing_native" "$others/libegoi_verify_phone_native"; do
  tools/place.sh "$target/$library.so" "$native/${library##*/}.so"
done
