#!/usr/bin/env bash
# The compiler of our own crates in `make test`, which cargo starts as its RUSTC_WORKSPACE_WRAPPER. Clippy's compiler lints what it
# compiles, and rustdoc documents a library with the dependencies that were compiled for it. `cargo clippy` and `cargo doc` would each have every
# dependency read once more. tools/check-rust.sh reports the warnings; cargo keeps them.
set -euo pipefail
rustc=$1
shift
clippy-driver "$rustc" "$@"

name='' out='' documents=
arguments=()
while test $# -gt 0; do
  case $1 in
    --test) exit ;;
    --crate-name) name=$2 ;;&
    --crate-type) case $2 in lib | cdylib) documents=yes ;; esac ;;&
    --out-dir) out=$2 ;;&
    # What rustdoc does not know.
    --out-dir | -C) shift ;;
    --emit=* | -C*) ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
case $name in
  scripted_service) ;;
  # Those of no crate's use, and cargo's questions to the compiler.
  _native | egoi_verify_node | ___ | '') exit ;;
  *) test -n "$documents" || exit 0 ;;
esac
RUSTC_BOOTSTRAP=1 rustdoc "${arguments[@]}" -Zunstable-options --output-format json --out-dir "${out%/debug/*}/doc"
