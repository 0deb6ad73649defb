#!/usr/bin/env bash
# Compiles, without linking, what ships for the systems that nothing here can run: `tools/platforms/check.sh [TARGET…]`. The
# standard library is compiled from Debian's rust-src. The C compiler is zig, whose headers are near enough to what the C code includes.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/platforms/setup.sh rust

check() {
  local target=$1 headers=$2 archiver=ar defaults=()
  shift 2
  # For msvc the C code's archiver is called as Microsoft's is.
  [[ $target != *-msvc ]] || archiver=lib
  [[ $target != *-apple-ios ]] || defaults=(SDKROOT=/usr CRATE_CC_NO_DEFAULTS=1)
  # Debian's compiler is a stable one, and takes the unstable option so. A warning is a fault, as in `make check-rust`. For
  # Apple the crate `cc` would name an SDK and a version of the system, which zig takes from its own target.
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="-D warnings" tools/platforms/enter.sh rust env "CARGO_TARGET_DIR=$PWD/target/platforms" ${defaults[@]+"${defaults[@]}"} \
    tools/zig.sh "$headers" env "CC_${target//-/_}=$PWD/target/zig/$headers/cc" "AR_${target//-/_}=$PWD/target/zig/$headers/$archiver" \
    cargo check --quiet --locked -Zbuild-std=std,panic_unwind --target "$target" "$@"
  echo "compiled for $target: $*"
}

# For the wheel, the npm package, the jars and the command line; for an app.
server=(-p egoi-verify-python -p egoi-verify-node -p egoi-verify-native -p egoi-verify-testing-native -p egoi-verify --features egoi-verify/cli)
phone=(-p egoi-verify-phone-native)
targets=("$@")
test $# -gt 0 || targets=(aarch64-apple-darwin x86_64-pc-windows-msvc aarch64-apple-ios aarch64-linux-android)
for target in "${targets[@]}"; do
  case $target in
    *-apple-darwin) check "$target" "${target%%-*}-macos" "${server[@]}" "${phone[@]}" ;;
    *-apple-ios) check "$target" aarch64-macos "${phone[@]}" ;;
    *-windows-msvc) check "$target" "${target%%-*}-windows-gnu" "${server[@]}" ;;
    *-android) check "$target" "${target%%-*}-linux-musl" "${phone[@]}" ;;
  esac
done
