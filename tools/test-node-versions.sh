#!/usr/bin/env bash
# Runs the whole suite of the npm package with each supported version of Node, from npm's `node` packages.
set -euo pipefail
cd "$(dirname "$0")/.."

test $# -gt 0 || set -- 20 22 24 latest
for version in "$@"; do
  home=$PWD/target/tools/node/$version
  npm install --silent --no-audit --no-fund --prefix "$home" "node@$version"
  echo "Node $("$home/node_modules/node/bin/node" --version)"
  (
    cd node
    export PATH=$home/node_modules/node/bin:$PATH
    node --test --test-concurrency=2 --test-reporter=dot --test-reporter-destination=stdout \
      --test-reporter=tap --test-reporter-destination="$home/results.tap" tests/*.test.mjs
  )
  grep -E '^# (pass|fail|skipped) ' "$home/results.tap"
done
