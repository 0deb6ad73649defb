#!/bin/sh
# Makes the Swift package for Linux as it is published: `package.sh DIRECTORY LIBRARIES`. It has the sources, the Swift that uniffi
# generated, and the native libraries from the folder LIBRARIES. `make package-swift` calls it with the release libraries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=${1:?the folder to make}
libraries=${2:?the folder of the libraries}

rm -rf "$package"
mkdir -p "$package/.native" "$package/Sources"
for module in EgoiVerify EgoiVerifyNative EgoiVerifyNativeFFI EgoiVerifyPhone EgoiVerifyPhoneNative EgoiVerifyPhoneNativeFFI \
  EgoiVerifyPhoneTesting EgoiVerifyTesting EgoiVerifyTestingNative EgoiVerifyTestingNativeFFI; do
  cp -R "$here/Sources/$module" "$package/Sources"
done
for library in libegoi_verify_native.a libegoi_verify_phone_native.so libegoi_verify_testing_native.so; do
  cp "$libraries/$library" "$package/.native"
done
# Without the programs and the tests of the repository.
sed '/^\/\/ Only in the repository/,$d' "$here/Package.swift" > "$package/Package.swift"
cp "$here/README.md" "$here/../../LICENSE-MIT" "$here/../../LICENSE-APACHE" "$package"
