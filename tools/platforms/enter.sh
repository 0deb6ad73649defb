#!/usr/bin/env bash
# Runs a command in one of the trees of tools/platforms/setup.sh, in the checkout: `tools/platforms/enter.sh TREE COMMAND…`.
#
# A tree of another processor is entered in a user namespace of its own, where qemu is registered as the interpreter of its
# programs: binfmt_misc has one table per user namespace since Linux 6.7, so nothing changes for the machine.
set -euo pipefail
trees=${EGOI_TREES:-/opt/egoi-verify}/platforms
checkout=$(cd "$(dirname "$0")/../.." && pwd -P)
tree=$trees/$1
shift

if test -z "${EGOI_ENTERED:-}"; then
  if test "$(id -u)" != 0 || ! test -e "$tree/made"; then
    echo "NO TREE $tree, OR NOT ROOT: run \`make platforms\` as root: NOT DONE: $*" >&2
    exit 3
  fi
  export EGOI_ENTERED=1
  if test -e "$tree/qemu"; then
    exec unshare --user --map-root-user --mount --pid --fork --mount-proc --kill-child "$0" "${tree##*/}" "$@"
  fi
  exec unshare --mount --propagation private --pid --fork --mount-proc --kill-child "$0" "${tree##*/}" "$@"
fi

if test -e "$tree/qemu"; then
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  # ELF, 64 bits, little-endian, aarch64. F: the kernel opens qemu now, out here.
  # shellcheck disable=SC2028 # The kernel reads the escapes.
  echo ':aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$trees/rust/usr/bin/qemu-aarch64"':FPOC' \
    >/proc/sys/fs/binfmt_misc/register
fi

mount --rbind /proc "$tree/proc"
if test -e "$tree/qemu"; then
  # For the scripted service of the tests, which is this machine's.
  mount --bind /usr/lib64 "$tree/usr/lib64"
  mount --bind /usr/lib/x86_64-linux-gnu "$tree/usr/lib/x86_64-linux-gnu"
fi
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/tmp"
mount -t tmpfs tmpfs "$tree/run"
mkdir -p "$tree$checkout" "$tree/mnt/cargo" "$tree/etc/ssl"
mount --rbind "$checkout" "$tree$checkout"
mount --bind "${CARGO_HOME:-$HOME/.cargo}" "$tree/mnt/cargo"
mount --bind /etc/ssl "$tree/etc/ssl"
cp --remove-destination --dereference /etc/resolv.conf "$tree/etc/resolv.conf"

# Of the environment what says how registries are reached, and what the tests read.
mapfile -t environment < <(env | grep -iE '^([a-z]+_proxy|PIP_[A-Z_]+|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|CI|EGOI_[A-Z_]+|CARGO_INCREMENTAL|RUSTC_BOOTSTRAP|RUSTFLAGS)=' | grep -v '^EGOI_ENTERED=')
exec chroot "$tree" /usr/bin/env -i -C "$checkout" HOME=/root LANG=C.UTF-8 CARGO_HOME=/mnt/cargo \
  PATH="$checkout/python/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
  ${environment[@]+"${environment[@]}"} "$@"
