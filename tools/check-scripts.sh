#!/usr/bin/env bash
# Every shell script, by shellcheck.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup-debian.sh shellcheck
command -v shellcheck >/dev/null || exit 0
git grep -lzE '^#!/(usr/)?bin/(env )?(ba)?sh' | xargs -0 shellcheck
