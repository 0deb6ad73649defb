#!/bin/sh
# `aar build` NEEDS GOOGLE'S NDK, which no package registry has, and no run of it is recorded. `.github/workflows/android.yml` calls it.
# The tests run `aar pack`, with libraries for Linux in the place of Android's.
#
#   aar build        builds the native library for the four ABIs, with the NDK of ANDROID_NDK_HOME (r27 or newer), and packs
#   aar pack LIBS    packs LIBS/ABI/libegoi_verify_phone_native.so and the jar that `make package-kotlin` made
#
# What comes out lies in bindings/kotlin/target/android: the AAR, and the POM to publish it with. An app needs Android of API
# level 24 or newer; below 26 "core library desugaring".
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kotlin=$(dirname "$here")
version=0.1.0
out=$kotlin/target/android
abis="arm64-v8a armeabi-v7a x86 x86_64"

build() {
    tools=$(echo "$ANDROID_NDK_HOME"/toolchains/llvm/prebuilt/*/bin)
    target_folder=${CARGO_TARGET_DIR:-$kotlin/../../target}
    for abi in $abis; do
        case $abi in
            arm64-v8a) target=aarch64-linux-android clang=aarch64-linux-android24-clang ;;
            armeabi-v7a) target=armv7-linux-androideabi clang=armv7a-linux-androideabi24-clang ;;
            x86) target=i686-linux-android clang=i686-linux-android24-clang ;;
            x86_64) target=x86_64-linux-android clang=x86_64-linux-android24-clang ;;
        esac
        rustup target add "$target"
        name=$(echo "$target" | tr - _)
        # Pages of 16 KB are bindings/build.rs's.
        env "CARGO_TARGET_$(echo "$name" | tr '[:lower:]' '[:upper:]')_LINKER=$tools/$clang" \
            "CC_$name=$tools/$clang" "AR_$name=$tools/llvm-ar" \
            "${CARGO:-cargo}" rustc --locked --profile shipped --crate-type cdylib --target "$target" -p egoi-verify-phone-native
        mkdir -p "$out/libs/$abi"
        cp "$target_folder/$target/shipped/libegoi_verify_phone_native.so" "$out/libs/$abi/"
    done
}

pack() {
    jar=$kotlin/target/egoi-verify-$version-phone.jar
    parts=$out/parts
    rm -rf "$parts" && mkdir -p "$parts/classes"
    for abi in $abis; do
        mkdir -p "$parts/jni/$abi"
        cp "$1/$abi/libegoi_verify_phone_native.so" "$parts/jni/$abi/"
    done
    (cd "$parts/classes" && jar --extract --file "$jar")
    # R8 reads the rules from the AAR, and the library of Linux is of no use there.
    mv "$parts/classes/META-INF/proguard/egoi-verify-phone.pro" "$parts/proguard.txt"
    rm -rf "$parts/classes/linux-x86-64" "$parts/classes/META-INF/proguard" "$parts/classes/META-INF/maven" \
        "$parts/classes/META-INF/MANIFEST.MF"
    jar --create --no-manifest --file "$parts/classes.jar" -C "$parts/classes" .
    cp "$here/AndroidManifest.xml" "$parts/"
    touch "$parts/R.txt"
    # Android's Gradle plug-in reads it from an AAR of its own making, to know what an app that uses it must have.
    mkdir -p "$parts/META-INF/com/android/build/gradle"
    printf '%s\n' aarFormatVersion=1.0 aarMetadataVersion=1.0 minCompileSdk=24 minCompileSdkExtension=0 \
        minAndroidGradlePluginVersion=1.0.0 coreLibraryDesugaringEnabled=false >"$parts/META-INF/com/android/build/gradle/aar-metadata.properties"
    jar --create --no-manifest --file "$out/egoi-verify-phone-$version.aar" \
        -C "$parts" AndroidManifest.xml -C "$parts" classes.jar -C "$parts" R.txt -C "$parts" proguard.txt -C "$parts" META-INF -C "$parts" jni
    cp "$here/pom.xml" "$out/egoi-verify-phone-$version.pom"
    # For the local unit tests of an app, which run on the developer's machine.
    cp "$jar" "$out/egoi-verify-phone-$version.jar"
}

case ${1:-} in
    build) build && pack "$out/libs" ;;
    pack) pack "$2" ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
