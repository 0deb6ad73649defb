#!/bin/sh
# Measures the Swift package against URLSession, as benches/README.md has it: `make bench-swift` builds what this needs. The
# server is that of node/benches, on processor 1; what is measured is on processor 0.
set -eu
package=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$package/../.." && pwd)
rounds=${EGOI_BENCH_ROUNDS:-15}
test "${EGOI_BENCH_SHORT:-}" != 1 || rounds=1

if command -v swift >/dev/null; then
  echo "NOT MEASURED: URLSESSION BELIEVES THE BENCH'S SERVER ONLY IN A TREE AS tools/setup-debian.sh MAKES ONE" >&2
  exit 1
fi

server=$(cd "$repository" && "${CARGO:-cargo}" build --quiet --locked --profile soak -p egoi-verify-node --bench server \
  --message-format json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')

work=$package/benches/.build/run
rm -rf "$work"
mkdir -p "$work"
mkfifo "$work/until" "$work/said"
taskset -c 1 "$server" <"$work/until" >"$work/said" &
# It ends when its input does: with this script.
exec 3>"$work/until"
IFS= read -r served <"$work/said"

said() { printf '%s' "$served" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
# What the tree's system trusts, which URLSession believes on Linux, and nothing else.
mkdir -p "$work/ssl/certs"
printf '%b' "$(said pem)" >"$work/ssl/certs/ca-certificates.crt"

EGOI_SWIFT_SSL=$work/ssl EGOI_SWIFT_NATIVE=.native/release taskset -c 0 "$package/swift" run --quiet -c release --skip-build \
  --package-path benches Bench "$(said plain)" "$(said tls)" /etc/ssl/certs/ca-certificates.crt "$rounds" \
  >"$EGOI_BENCH_RESULTS/swift-client.json"
