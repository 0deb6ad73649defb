#!/usr/bin/env bash
# Packs the npm packages with the addon of another system, and installs them in an empty project beside the tests:
# `tools/platforms/node-project.sh TREE PLATFORM ADDON`, into target/platforms/TREE.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=target/platforms/$1 platform=$2 addon=$3

rm -rf "$folder/node" "$folder"/*.tgz
mkdir -p "$folder/node"
test -d node/dist || node node/node_modules/typescript/bin/tsc --project node
node node/scripts/pack.mjs --platform "$platform" --addon "$addon" --out "$folder"
cd "$folder/node"
IFS=- read -r os cpu libc <<<"$platform"
echo '{ "name": "empty", "private": true, "type": "module" }' >package.json
npm install --silent --offline --omit=optional --no-audit --no-fund --force --os "$os" --cpu "$cpu" ${libc:+--libc "${libc/gnu/glibc}"} \
  ../egoi-verify-[0-9]*.tgz "../egoi-verify-$platform"-*.tgz
# The tests find the facts of all languages two folders above them.
cp -r ../../../../node/{tests,examples,scripts,README.md} .
ln -s node_modules/egoi-verify/dist dist
ln -sfn ../../../tests ../tests
