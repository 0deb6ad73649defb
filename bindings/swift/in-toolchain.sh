#!/bin/sh
# `swift build`, `swift test`, `swift run` and whatever else the toolchain has, in this package, with the native libraries
# of `make`: by the `swift` on the path, or by the one in the Debian tree of tools/setup-debian.sh, which is entered for it.
set -eu
package=$(cd "$(dirname "$0")" && pwd)

if swift=$(command -v swift); then
  cd "$package"
  # Where the rest of its toolchain is, of which Debian puts only a part on the path.
  PATH=$(dirname "$(readlink -f "$swift")"):$PATH
  native=$package/${EGOI_SWIFT_NATIVE:-.native}
  built=${EGOI_SWIFT_NATIVE:+benches/}.build
  case $1 in
    build | test | run)
      verb=$1
      shift
      # SwiftPM does not see that a library which it linked is another one now.
      test ! -d "$built" \
        || find "$built" -maxdepth 3 -type f -perm -u+x ! -newer "$native/libegoi_verify_native.a" -exec rm {} +
      # By its whole path: by its name it would take this script for itself, and miss `swift-build` beside it.
      # EGOI_OBSERVATION: what Apple's systems have, so that it is tested; Swift 6.0's needs the linker to look away.
      exec "$swift" "$verb" -Xlinker "-L$native" -Xlinker "-rpath=$native" -Xswiftc -warnings-as-errors \
        -Xswiftc -DEGOI_OBSERVATION -Xlinker --allow-shlib-undefined "$@"
      ;;
    *) exec "$@" ;;
  esac
fi

cannot() {
  echo "$1: THE SWIFT PACKAGE IS NOT TESTED" >&2
  test -z "${CI:-}"
  exit
}

root=${EGOI_TREES:-/opt/egoi-verify}/swift
trusted=${EGOI_SWIFT_SSL:-/etc/ssl} # The certificates that the platform trusts; the tree has none.
test -x "$root/usr/libexec/swift/bin/swift" || cannot "SWIFT IS NOT INSTALLED AND CANNOT BE"

# Of the environment only what the tests read: its paths are those out here. SwiftPM locks a package by a file for temporary ones
# that bears its path, which is the same in here for every checkout that uses this tree.
mkdir -p "$package/.build/tmp"
inside() {
  exec env -i HOME=/root TMPDIR=/mnt/bindings/swift/.build/tmp PATH=/usr/libexec/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin ${CI:+"CI=$CI"} \
    ${EGOI_SOAK:+"EGOI_SOAK=$EGOI_SOAK"} ${EGOI_SCENARIOS_STORE:+"EGOI_SCENARIOS_STORE=$EGOI_SCENARIOS_STORE"} \
    ${EGOI_SWIFT_NATIVE:+"EGOI_SWIFT_NATIVE=$EGOI_SWIFT_NATIVE"} ${EGOI_SWIFT_PACKAGE:+"EGOI_SWIFT_PACKAGE=$EGOI_SWIFT_PACKAGE"} "$@"
}

# In a mount namespace of its own, so that nothing stays mounted behind it: root's, or one that anybody may have where the
# kernel lets them. A container often allows neither; proot needs no right at all, and takes several times as long.
enter() {
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --bind "$package/../.." "$root/mnt"
  mount --bind "$trusted" "$root/etc/ssl"
  inside chroot "$root" /mnt/bindings/swift/in-toolchain.sh "$@"
}

if [ "${EGOI_SWIFT_MOUNTS:-}" = 1 ]; then
  enter "$@"
fi
for namespace in "--mount" "--user --map-root-user --mount"; do
  # shellcheck disable=SC2086
  if unshare $namespace mount --rbind /proc "$root/proc" 2>/dev/null; then
    EGOI_SWIFT_MOUNTS=1 exec unshare $namespace "$0" "$@"
  fi
done
command -v proot >/dev/null || cannot "THE SWIFT IN $root CANNOT BE ENTERED: NO RIGHT TO MOUNT, AND NO PROOT"
inside "$(command -v proot)" -w / -r "$root" -b /proc -b /dev -b "$trusted:/etc/ssl" -b "$package/../..:/mnt" /mnt/bindings/swift/in-toolchain.sh "$@"
