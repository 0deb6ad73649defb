#!/usr/bin/env bash
# Installs what the tests need of Debian: every part, or only those named, as in `tools/setup-debian.sh postgres redis`.
# This is the only script that needs root. Without root, or on another system, it prints what is missing and the command that
# installs it. The tests of a missing part are skipped; in CI a missing part is an error.
set -euo pipefail

# The Debian trees are made here. Servers that run as `nobody` start from them, so every user must be able to read it.
TREES=${EGOI_TREES:-/opt/egoi-verify}
# A download that is cut off is tried again: a whole run depends on it.
RETRY=(-o Acquire::Retries=5)
PARTS=(chromium postgres redis valkey openssl valgrind apache uwsgi java swift shellcheck)
# For long checks: only if they are named.
LONG_PARTS=(apache-debian-13)

is_here() {
  case $1 in
    chromium) has chromium && has chromedriver ;;
    # Debian keeps PostgreSQL's programs out of the path.
    postgres) { compgen -G '/usr/lib/postgresql/*/bin/initdb' || has initdb; } && { test -x /usr/sbin/pgbouncer || has pgbouncer; } ;;
    redis) has redis-server ;;
    valkey) has valkey-server || test -x "$TREES/valkey/valkey-server" ;;
    openssl) has openssl && has sqlite3 ;;
    valgrind) has valgrind ;;
    apache) test -x /usr/sbin/apache2 && test -e /usr/lib/apache2/modules/mod_wsgi.so ;;
    uwsgi) has uwsgi && test -e /usr/lib/uwsgi/plugins/python3_plugin.so ;;
    apache-debian-13) test -e "$TREES/apache/usr/lib/apache2/modules/mod_wsgi.so" ;;
    java) has mvn && has javac ;;
    swift) has swift || { test -x "$TREES/swift/usr/libexec/swift/bin/swift" && test -x "$TREES/swift/usr/bin/git" && test -d "$TREES/swift/etc/ssl" && can_enter; } ;;
    shellcheck) has shellcheck ;;
    *)
      echo "tools/setup-debian.sh: there is no part $1; the parts are: ${PARTS[*]} ${LONG_PARTS[*]}" >&2
      exit 2
      ;;
  esac >/dev/null 2>&1
}

install_part() {
  case $1 in
    chromium) install chromium chromium-driver ;;
    postgres) install postgresql pgbouncer ;;
    redis) install redis-server ;;
    valkey) install valkey-server 2>/dev/null || make_valkey ;;
    openssl) install openssl sqlite3 ;;
    valgrind) install valgrind ;;
    # Not `apache2`, which is the service.
    apache) install apache2-bin libapache2-mod-wsgi-py3 ;;
    apache-debian-13) make_apache ;;
    uwsgi) install uwsgi-core uwsgi-plugin-python3 ;;
    java) install maven default-jdk-headless ;;
    swift) install swiftlang libc6-dev libstdc++-14-dev git 2>/dev/null || make_swift ;;
    shellcheck) install shellcheck ;;
  esac
}

has() { command -v "$1"; }

# The Swift tree is entered with a mount, for which many a container has no right; there proot does it.
can_enter() {
  unshare --mount true || unshare --user --map-root-user --mount true || has proot
}

install() {
  if test -z "${updated:-}"; then
    apt-get "${RETRY[@]}" update -qq
    updated=1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get "${RETRY[@]}" install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

debian_tree() {
  local tree=$1
  shift
  for pause in 0 10 30; do
    sleep "$pause"
    rm -rf --one-file-system "$tree"
    # Debian's shell, which mmdebstrap starts, knows files up to 9 only: those that `make` has open would leave none.
    mmdebstrap --quiet --aptopt='Acquire::Retries "5"' "$@" trixie "$tree" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- && return
  done
  return 1
}

# Where Debian has no package of Valkey: that of Debian 13, run by its own loader.
make_valkey() {
  has mmdebstrap >/dev/null || install mmdebstrap
  local tree=$TREES/valkey
  debian_tree "$tree" --variant=extract --include=valkey-server || return
  chmod 755 "$tree"
  cat >"$tree/valkey-server" <<END
#!/bin/sh
exec $tree/usr/lib64/ld-linux-*.so.2 --library-path "\$(echo $tree/usr/lib/*-linux-gnu)" $tree/usr/bin/valkey-server "\$@"
END
  chmod 755 "$tree/valkey-server"
}

# Apache and mod_wsgi with the Python 3.13 of Debian 13, which the test runs by their own loader.
make_apache() {
  has mmdebstrap >/dev/null || install mmdebstrap
  local tree=$TREES/apache
  debian_tree "$tree" --variant=extract --include=apache2-bin,libapache2-mod-wsgi-py3,python3 || return
  chmod 755 "$tree"
}

# Where Debian has no package of Swift: a Debian 13 with Swift 6.0.3.
make_swift() {
  local tree=$TREES/swift
  if ! has swift >/dev/null && ! test -x "$tree/usr/libexec/swift/bin/swift"; then
    has mmdebstrap >/dev/null || install mmdebstrap
    debian_tree "$tree.new" --variant=apt --include=swiftlang,libc6-dev,libstdc++-14-dev,git || return
    chroot "$tree.new" ldconfig && mv "$tree.new" "$tree" || return
  fi
  # A tree of before has no Git.
  has swift >/dev/null || test -x "$tree/usr/bin/git" || chroot "$tree" apt-get install -y -qq --no-install-recommends git >/dev/null || return
  # The certificates of this machine are mounted here.
  has swift >/dev/null || mkdir -p "$tree/etc/ssl"
  is_here swift || install proot
}

missing=()
for part in "${@:-${PARTS[@]}}"; do
  is_here "$part" || missing+=("$part")
done
test ${#missing[@]} -gt 0 || exit 0

if test "$(id -u)" = 0 && has apt-get >/dev/null; then
  mkdir -p "$TREES"
  chmod 755 "$TREES"
  # Several targets of make may come here at once.
  exec 9>"$TREES/lock"
  flock 9
  for part in "${missing[@]}"; do
    is_here "$part" && continue
    echo "installing for the tests: $part" >&2
    install_part "$part" || true
  done
fi

still=()
for part in "${missing[@]}"; do
  is_here "$part" || still+=("$part")
done
test ${#still[@]} -gt 0 || exit 0
echo "MISSING, SO ITS TESTS ARE SKIPPED: ${still[*]}. As root on Debian: tools/setup-debian.sh ${still[*]}" >&2
test -z "${CI:-}"
