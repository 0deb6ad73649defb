#!/usr/bin/env bash
# Writes the API reference of each language into target/references, by the language's own tool, in which a warning is an error, but for pdoc.
# A language whose tools are not installed is left out; in CI that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
references=$PWD/target/references
rm -rf "$references"
mkdir -p "$references"

# rustdoc
RUSTDOCFLAGS="-D warnings" "${CARGO:-cargo}" doc --quiet --locked -p egoi-verify --all-features --no-deps --lib
mkdir "$references/rust"
cp -r "${CARGO_TARGET_DIR:-target}"/doc/. "$references/rust"
rm -f "$references"/rust/*.json

# pdoc: the package as users import it. It warns of every class that says it is in another module than its source, as ours do.
PYTHONPATH=python/package python/.venv/bin/python -W ignore::UserWarning -m pdoc --output-directory "$references/python" egoi_verify egoi_verify.testing egoi_verify.fastapi

# TypeDoc, by the last TypeScript that is a library: it reads the sources that tsc compiles.
docs/site/node_modules/.bin/typedoc --options docs/site/typedoc.json --out "$references/node"

# Dokka
tools/maven.sh org.jetbrains.dokka:dokka-maven-plugin:2.2.0:dokka
test ! -d bindings/kotlin/target/dokka || cp -r bindings/kotlin/target/dokka "$references/kotlin"

# DocC: an archive for each module, for a server that has the site at its root.
swift=bindings/swift
$swift/in-toolchain.sh build --quiet
for module in EgoiVerify EgoiVerifyPhone EgoiVerifyPhoneTesting EgoiVerifyTesting; do
  lower=${module,,}
  symbols=.build/references/$module
  rm -rf "${swift:?}/$symbols"
  mkdir -p "$swift/$symbols"
  $swift/in-toolchain.sh swift-symbolgraph-extract -module-name $module \
    -I .build/debug/Modules -I Sources/EgoiVerifyNativeFFI -I Sources/EgoiVerifyPhoneNativeFFI -I Sources/EgoiVerifyTestingNativeFFI \
    -target "$(readlink $swift/.build/debug | cut -d/ -f1)" -minimum-access-level public -skip-synthesized-members -output-dir "$symbols"
  $swift/in-toolchain.sh docc convert "Sources/$module/$module.docc" --warnings-as-errors --additional-symbol-graph-dir "$symbols" \
    --fallback-bundle-identifier $module --transform-for-static-hosting --hosting-base-path "reference/swift/$lower" \
    --output-dir "$symbols.site"
  test ! -d "$swift/$symbols.site" || { mkdir -p "$references/swift" && cp -r "$swift/$symbols.site" "$references/swift/$lower"; }
done
