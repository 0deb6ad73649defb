#!/usr/bin/env bash
# Writes what each language shows in public into target/surface, read from what its users import.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
python=python/.venv/bin/python
surfaces=target/surface
swift=bindings/swift

rm -rf "$surfaces"
mkdir -p "$surfaces"

tools/document-rust.sh
"$python" tests/surface/rust.py "$target/doc/egoi_verify.json" >"$surfaces/rust.txt"

"$python" tests/surface/python.py >"$surfaces/python.txt"

node tests/surface/node.mjs node node/build/egoi-verify >"$surfaces/node.txt"

tools/compile-kotlin.sh
tools/maven.sh org.codehaus.mojo:exec-maven-plugin:3.6.4:java -Dexec.classpathScope=test \
  -Dexec.mainClass=egoi.verify.surface.SurfaceKt -Dexec.arguments="$PWD/$surfaces/kotlin.txt"

$swift/in-toolchain.sh build --quiet
mkdir -p $swift/.build/surface
for module in EgoiVerify EgoiVerifyPhone EgoiVerifyPhoneTesting EgoiVerifyTesting; do
  $swift/in-toolchain.sh swift-symbolgraph-extract -module-name $module \
    -I .build/debug/Modules -I Sources/EgoiVerifyNativeFFI -I Sources/EgoiVerifyTestingNativeFFI \
    -I Sources/EgoiVerifyPhoneNativeFFI \
    -target "$(readlink $swift/.build/debug | cut -d/ -f1)" -minimum-access-level public -skip-synthesized-members \
    -output-dir .build/surface
done
symbols=("$swift"/.build/surface/EgoiVerify{,Phone,PhoneTesting,Testing}.symbols.json)
test ! -e "${symbols[0]}" || "$python" tests/surface/swift.py "${symbols[@]}" >"$surfaces/swift.txt"
