#!/usr/bin/env bash
# Checks the Kotlin with ktlint (layout, by the root's .editorconfig) and detekt (detekt.yml). `lint.sh --fix` lays it out.
set -euo pipefail
cd "$(dirname "$0")/../.."

KTLINT=com.pinterest.ktlint:ktlint-cli:1.7.1:jar:all
DETEKT=io.gitlab.arturbosch.detekt:detekt-cli:1.23.8:jar:all
TOOLS=$PWD/target/tools/kotlin
SOURCES=(bindings/kotlin/src bindings/kotlin/benches/src)

# Prints where the jar of `group:name:version:jar:classifier` is, and fetches it the first time.
jar() {
  local file
  IFS=: read -r _ name version _ classifier <<<"$1"
  file=$TOOLS/$name-$version-$classifier.jar
  test -e "$file" || EGOI_POM=pom.xml tools/maven.sh org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy \
    -Dartifact="$1" -DoutputDirectory="$TOOLS" >&2
  echo "$file"
}

if ! command -v mvn >/dev/null; then
  echo "MAVEN IS NOT INSTALLED: THE KOTLIN IS NOT CHECKED" >&2
  test -z "${CI:-}"
  exit
fi
fix=()
test "${1:-}" != --fix || fix=(--format)
# Both at once: each mostly waits for its own virtual machine.
java -jar "$(jar "$KTLINT")" --log-level=warn --relative "${fix[@]}" "${SOURCES[@]/%//**/*.kt}" &
java -jar "$(jar "$DETEKT")" --config bindings/kotlin/detekt.yml --build-upon-default-config \
  --input "$(IFS=,; echo "${SOURCES[*]}")"
wait $!
