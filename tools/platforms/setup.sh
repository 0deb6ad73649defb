#!/usr/bin/env bash
# Makes the trees and toolchains of other systems below EGOI_TREES: all, or those named, as in `tools/platforms/setup.sh arm64`. What
# is there stays. It needs root on Debian and 3 GB.
set -euo pipefail
trees=${EGOI_TREES:-/opt/egoi-verify}/platforms
PARTS=(rust arm64 sid)

has() { command -v "$1" >/dev/null; }

# A tree counts when its last step was done.
is_here() { test -e "$trees/$1/made"; }

debian() {
  local tree=$1 variant=$2 architectures=$3
  shift 3
  rm -rf --one-file-system "$tree"
  # Of the suites that stand still for a while, the date of validity may have passed.
  nice -n 10 mmdebstrap --quiet --variant="$variant" --architectures="$architectures" \
    --aptopt='Acquire::Check-Valid-Until "false"' "$@"
}

# What the packages' scripts would have made, which do not run in a tree that is only unpacked.
users() {
  echo 'root:x:0:0:root:/root:/bin/bash' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
  echo '127.0.0.1 localhost' >"$1/etc/hosts"
}

make_part() {
  local tree=$trees/$1 mirror
  # shellcheck disable=SC2016 # A variable of apt-get's.
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian/\?$' | head -n 1)
  case $1 in
    # Debian's Rust, as it has the standard library of other processors and its source. The libgcc_s is that of the target.
    rust)
      # shellcheck disable=SC2016 # mmdebstrap's variable.
      debian "$tree" apt amd64,arm64 --include=ca-certificates,python3,gcc,libc6-dev,libgcc-s1:arm64,qemu-user \
        --customize-hook='chroot "$1" apt-get install -y -qq --no-install-recommends -t trixie-backports cargo rustc rust-src libstd-rust-dev libstd-rust-dev:arm64' \
        trixie "$tree" "deb $mirror trixie main" "deb $mirror trixie-backports main" || return
      ;;
    # Unpacked only: nothing of it runs before qemu is registered.
    arm64)
      debian "$tree" extract arm64 --include=bash,coreutils,python3,python3-venv,python3-pip,nodejs,libgcc-s1,openssl,sqlite3,procps,grep,sed,findutils,default-jdk-headless \
        trixie "$tree" "deb $mirror trixie main" || return
      users "$tree"
      mkdir -p "$tree/usr/lib64" "$tree/usr/lib/x86_64-linux-gnu"
      test -e "$tree/lib64" || ln -s usr/lib64 "$tree/lib64"
      touch "$tree/qemu"
      ;;
    # The newest Python.
    sid)
      debian "$tree" extract amd64 --include=bash,coreutils,python3.14,python3.14-venv,python3.15,python3.15-venv,openssl,sqlite3,procps,grep,sed,findutils \
        sid "$tree" "deb $mirror sid main" || return
      users "$tree"
      ;;
  esac
  chmod 755 "$tree"
  touch "$tree/made"
}

still=()
for part in "${@:-${PARTS[@]}}"; do
  is_here "$part" && continue
  if test "$(id -u)" = 0 && has apt-get; then
    has mmdebstrap || apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null || true
    mkdir -p "$trees"
    exec 9>"$trees/lock"
    flock 9
    echo "making the tree for the tests of other systems: $part" >&2
    is_here "$part" || make_part "$part" || true
  fi
  is_here "$part" || still+=("$part")
done
if test ${#still[@]} -gt 0; then
  echo "NOT MADE, SO NOTHING OF IT IS TESTED: ${still[*]}. IT NEEDS ROOT ON DEBIAN AND mmdebstrap" >&2
  exit 3
fi
echo "NOT BUILT HERE: MUSL. ONLY COMPILED HERE, NOT RUN: WINDOWS, MACOS, IOS, ANDROID. HOSTED RUNNERS ARE SET UP FOR THEM: .github/workflows" >&2
