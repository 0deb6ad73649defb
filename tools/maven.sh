#!/usr/bin/env bash
# Runs Maven in bindings/kotlin for at most 20 minutes: `tools/maven.sh ARGUMENT…`. EGOI_POM names another project there.
# Without Maven it says so; in CI that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v mvn >/dev/null; then
  echo "MAVEN IS NOT INSTALLED: SKIPPED: mvn $*" >&2
  test -z "${CI:-}"
  exit
fi
# For runs this short the second compiler of the virtual machine costs more than it saves. The daemon of Kotlin's compiler would not hear of that,
# and stay.
export MAVEN_OPTS=${MAVEN_OPTS:--XX:TieredStopAtLevel=1 -XX:+UseSerialGC}
limit=()
# TERM: a virtual machine in the background may not hear INT.
! command -v timeout >/dev/null || limit=(timeout --signal TERM 20m)
"${limit[@]}" mvn --batch-mode --quiet -Dkotlin.compiler.daemon=false -f "bindings/kotlin/${EGOI_POM:-pom.xml}" "$@"
