#!/usr/bin/env bash
# The app of the phone example: `tools/phone-app.sh build` builds it in Kotlin and Swift, `tools/phone-app.sh command LANGUAGE`
# prints the command that starts it, and nothing where it could not be built.
set -euo pipefail
cd "$(dirname "$0")/.."
maven=bindings/kotlin/target

case $1 in
  build)
    rm -f "$maven/classpath"
    tools/compile-kotlin.sh
    tools/maven.sh dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=target/classpath
    bindings/swift/in-toolchain.sh build --product Phone
    ;;
  command)
    if test "$2" = kotlin && test -e "$maven/classpath"; then
      echo "java -cp $maven/classes:$maven/test-classes:$(cat "$maven/classpath") egoi.verify.app.PhoneKt"
    elif test "$2" = swift && test -x bindings/swift/.build/debug/Phone; then
      echo "bindings/swift/in-toolchain.sh run --skip-build Phone"
    fi
    ;;
esac
