#!/usr/bin/env bash
# Puts the native libraries and the generated Swift that tools/native.sh made where Package.swift looks for them.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
package=bindings/swift

for module in Native PhoneNative TestingNative; do
  mkdir -p "$package/Sources/EgoiVerify$module"
  for file in "EgoiVerify$module.swift" "EgoiVerify${module}FFI.h"; do
    to=$package/Sources/${file%.*}/$file
    # SwiftPM compiles anew what has another date.
    cmp -s "$target/bindings/$file" "$to" || cp "$target/bindings/$file" "$to"
  done
done
tools/place.sh "$target/debug/libegoi_verify_native.a" "$package/.native/libegoi_verify_native.a"
# Two static libraries would each bring a standard library of Rust.
for module in phone_native testing_native; do
  tools/place.sh "$target/debug/libegoi_verify_$module.so" "$package/.native/libegoi_verify_$module.so"
done
