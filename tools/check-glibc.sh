#!/usr/bin/env bash
# The native libraries in wheels, npm tarballs and jars need no newer glibc: `tools/check-glibc.sh 2.17 ARTEFACT…`.
set -euo pipefail
limit=$1
shift

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for artefact in "$@"; do
  rm -rf "$folder/in" && mkdir "$folder/in"
  case $artefact in
    *.tgz) tar -xzf "$artefact" -C "$folder/in" ;;
    *) python3 -m zipfile -e "$artefact" "$folder/in" ;;
  esac
  mapfile -t libraries < <(find "$folder/in" -name '*.so' -o -name '*.node')
  test ${#libraries[@]} -gt 0 || { echo "no native library in $artefact" >&2; exit 1; }
  for library in "${libraries[@]}"; do
    needed=$(readelf --version-info "$library" | grep -o 'Name: GLIBC_[0-9.]*' | grep -o '[0-9.]*$' | sort --version-sort | tail -n 1)
    echo "$(basename "$artefact"): ${library#"$folder/in/"} needs glibc ${needed:?"$library names no glibc"}"
    if test "$(printf '%s\n' "$needed" "$limit" | sort --version-sort | tail -n 1)" != "$limit"; then
      echo "that is newer than $limit" >&2
      exit 1
    fi
  done
done
