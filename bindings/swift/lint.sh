#!/usr/bin/env bash
# Checks the Swift with the toolchain's swift-format, as .swift-format says. `lint.sh --fix` lays it out.
set -euo pipefail
cd "$(dirname "$0")"

SOURCES=(Package.swift Sources Tests apple/Package.swift benches/Package.swift benches/Sources)

# What uniffi generates is not ours to lay out, and is not in the repository.
mapfile -t files < <(git ls-files -- "${SOURCES[@]}" | grep '\.swift$')
how=(lint --strict)
test "${1:-}" != --fix || how=(format --in-place)
./in-toolchain.sh swift-format "${how[@]}" --parallel "${files[@]}"
