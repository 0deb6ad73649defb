#!/bin/sh
# NOT RUN on x86_64 Linux, where this project is developed and tested: it needs macOS with Xcode and has not been run there yet.
# What can be tried here is, by PackageTests: the steps with stand-ins for cargo, rustup, lipo and xcodebuild, the module map
# and header by the compiler, the manifests by their readers.
#
# Makes the Swift package of an app for iOS, its simulator and macOS: `apple/package.sh DIRECTORY`. In it lie the sources and, as an
# XCFramework, the native module as a static library of each system, with its module map.
set -eu
apple=$(cd "$(dirname "$0")" && pwd)
sources=$(cd "$apple/../Sources" && pwd)
repository=$(cd "$apple/../../.." && pwd)
package=${1:?where to make the package}
built=${CARGO_TARGET_DIR:-$repository/target}

for tool in cargo rustup lipo xcodebuild; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: this needs macOS with Xcode and Rust" >&2; exit 1; }
done

rm -rf "$package"
mkdir -p "$package/Sources" "$package/libraries"
cd "$repository"

# The oldest systems that Package.swift names.
export IPHONEOS_DEPLOYMENT_TARGET=15.0 MACOSX_DEPLOYMENT_TARGET=12.0
for target in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin; do
  rustup target add "$target"
  # As one kind of library alone, as others keep it from being optimised as a whole.
  cargo rustc --locked -p egoi-verify-phone-native --profile shipped --crate-type staticlib \
    --target "$target"
done

# Generated from what is not stripped, where alone the generator finds what it reads.
cargo build --locked -p egoi-verify-phone-native -p egoi-verify-generator
"$built/debug/egoi-verify-generator" generate --no-format --language swift --config bindings/uniffi.toml \
  --out-dir "$package/generated" "$built/debug/libegoi_verify_phone_native.a"

# In a folder of the module's name: two XCFrameworks with a module map at the top of their headers collide in Xcode.
headers="$package/headers/EgoiVerifyPhoneNativeFFI"
mkdir -p "$headers" "$package/Sources/EgoiVerifyPhoneNative"
cp "$package/generated/EgoiVerifyPhoneNativeFFI.h" "$headers"
# Xcode links what an XCFramework has by itself.
sed '/link /d' "$sources/EgoiVerifyPhoneNativeFFI/module.modulemap" > "$headers/module.modulemap"
cp "$package/generated/EgoiVerifyPhoneNative.swift" "$package/Sources/EgoiVerifyPhoneNative"

# One library for each system, of all its processors.
fat() {
  system=$1
  shift
  mkdir "$package/libraries/$system"
  for target in "$@"; do
    set -- "$@" "$built/$target/shipped/libegoi_verify_phone_native.a"
    shift
  done
  lipo -create "$@" -output "$package/libraries/$system/libegoi_verify_phone_native.a"
}
fat ios aarch64-apple-ios
fat simulator aarch64-apple-ios-sim x86_64-apple-ios
fat macos aarch64-apple-darwin x86_64-apple-darwin

xcodebuild -create-xcframework \
  -library "$package/libraries/ios/libegoi_verify_phone_native.a" -headers "$package/headers" \
  -library "$package/libraries/simulator/libegoi_verify_phone_native.a" -headers "$package/headers" \
  -library "$package/libraries/macos/libegoi_verify_phone_native.a" -headers "$package/headers" \
  -output "$package/EgoiVerifyPhoneNativeFFI.xcframework"

cp -R "$sources/EgoiVerifyPhone" "$sources/EgoiVerifyPhoneTesting" "$package/Sources"
cp "$apple/PrivacyInfo.xcprivacy" "$package/Sources/EgoiVerifyPhone"
cp "$apple/Package.swift" "$apple/../README.md" "$repository/LICENSE-MIT" "$repository/LICENSE-APACHE" "$package"
rm -r "$package/generated" "$package/headers" "$package/libraries"
