#!/usr/bin/env bash
# Puts the native libraries and the generated Kotlin where Maven looks for them: those that tools/native.sh built, or with the
# profile `shipped` those that ship, as in `tools/develop-kotlin.sh shipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
profile=${1:-debug}
maven=bindings/kotlin/target
native=$maven/native/linux-x86-64

mkdir -p "$maven" "$native"
# Classes of files that have another name now would still run.
rm -rf "$maven/generated" "$maven/classes" "$maven/test-classes"
mkdir "$maven/generated"
cp -r "$target/bindings/egoi" "$maven/generated"
for module in native testing_native phone_native; do
  tools/place.sh "$target/$profile/libegoi_verify_$module.so" "$native/libegoi_verify_$module.so"
done
