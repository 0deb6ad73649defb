#!/bin/sh
# IT NEEDS macOS WITH XCODE, and no run of it there is recorded. On Linux, PackageTests runs the steps with stand-ins for cargo,
# rustup, lipo and xcodebuild, and gives the module map and header to the compiler and the manifests to their readers.
#
# Makes the Swift package for Apple's systems: `apple/package.sh DIRECTORY`. In it are the sources and, as an XCFramework each, the
# native modules with their module maps. An app has EgoiVerifyPhone, for iOS, its simulator and macOS. A server that is developed on a
# Mac, and its tests, have EgoiVerify and EgoiVerifyTesting, for macOS.
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
macs="aarch64-apple-darwin x86_64-apple-darwin"
simulators="aarch64-apple-ios-sim x86_64-apple-ios"

# As one kind of library, as others keep it from being optimised as a whole: `shipped CRATE KIND TARGETS [OPTIONS OF RUSTC]`.
shipped() {
  crate=$1 kind=$2 targets=$3
  shift 3
  for target in $targets; do
    rustup target add "$target"
    cargo rustc --locked -p "$crate" --profile shipped --crate-type "$kind" --target "$target" "$@"
  done
}
shipped egoi-verify-phone-native staticlib "aarch64-apple-ios $simulators $macs"
shipped egoi-verify-native staticlib "$macs"
# Two static libraries would each bring a standard library of Rust into a test. It is found beside the test, and not at cargo's place.
shipped egoi-verify-testing-native cdylib "$macs" -- -C link-arg=-Wl,-install_name,@rpath/libegoi_verify_testing_native.dylib

# Generated from what is not stripped: the generator reads its symbols.
cargo build --locked -p egoi-verify-native -p egoi-verify-phone-native -p egoi-verify-testing-native -p egoi-verify-generator
for library in libegoi_verify_native.a libegoi_verify_phone_native.a libegoi_verify_testing_native.dylib; do
  "$built/debug/egoi-verify-generator" generate --no-format --language swift --config bindings/uniffi.toml \
    --out-dir "$package/generated" "$built/debug/$library"
done

# One library for each system, of all its processors: `fat SYSTEM LIBRARY TARGETS`.
fat() {
  system=$1 library=$2 targets=$3
  set --
  for target in $targets; do set -- "$@" "$built/$target/shipped/$library"; done
  mkdir -p "$package/libraries/$system"
  lipo -create "$@" -output "$package/libraries/$system/$library"
}

# `framework MODULE LIBRARY SYSTEMS`
framework() {
  module=$1 library=$2 systems=$3
  # In a folder of the module's name: two XCFrameworks with a module map at the top of their headers collide in Xcode.
  headers="$package/headers/$module/${module}FFI"
  mkdir -p "$headers" "$package/Sources/$module"
  cp "$package/generated/${module}FFI.h" "$headers"
  # Xcode links what an XCFramework has by itself.
  sed '/link /d' "$sources/${module}FFI/module.modulemap" > "$headers/module.modulemap"
  cp "$package/generated/$module.swift" "$package/Sources/$module"
  set --
  for system in $systems; do
    set -- "$@" -library "$package/libraries/$system/$library" -headers "$package/headers/$module"
  done
  xcodebuild -create-xcframework "$@" -output "$package/${module}FFI.xcframework"
}

fat ios libegoi_verify_phone_native.a aarch64-apple-ios
fat simulator libegoi_verify_phone_native.a "$simulators"
fat macos libegoi_verify_phone_native.a "$macs"
fat macos libegoi_verify_native.a "$macs"
fat macos libegoi_verify_testing_native.dylib "$macs"
framework EgoiVerifyPhoneNative libegoi_verify_phone_native.a "ios simulator macos"
framework EgoiVerifyNative libegoi_verify_native.a macos
framework EgoiVerifyTestingNative libegoi_verify_testing_native.dylib macos

for module in EgoiVerify EgoiVerifyPhone EgoiVerifyPhoneTesting EgoiVerifyTesting; do
  cp -R "$sources/$module" "$package/Sources"
done
cp "$apple/PrivacyInfo.xcprivacy" "$package/Sources/EgoiVerifyPhone"
cp "$apple/Package.swift" "$apple/../README.md" "$repository/LICENSE-MIT" "$repository/LICENSE-APACHE" "$package"
rm -r "$package/generated" "$package/headers" "$package/libraries"
