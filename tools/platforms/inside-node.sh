#!/usr/bin/env bash
# In a tree of another system: runs the tests of the npm package that is installed in FOLDER/node:
# `tools/platforms/inside-node.sh FOLDER [ARGUMENT…]`.
set -euo pipefail
cd "$1/node"
shift

# The first block of the README that is a program.
# shellcheck disable=SC2016 # Marks of Markdown, not commands.
python3 -c 'import re; print(re.search(r"```ts\n(.*?)```", open("README.md").read(), re.DOTALL)[1])' >example.mjs
test "$(node example.mjs)" = verified
echo "$(uname -m), Node $(node --version): the README's example ran"
tests=("$@")
test $# -gt 0 || tests=(tests/{scenarios,faults,processes,threads,vectors,mistakes,client,engine,errors,cancelling,egoi-sms,randomness,secrets,package-modules,cli,fake-timers}.test.mjs)
exec node --test --test-reporter=spec --test-concurrency=2 "${tests[@]}"
