#!/usr/bin/env bash
# Runs `make demo` and `make test`, or the targets that are named, in a fresh clone of HEAD on a minimal Debian 13 with only what
# the README names as needed. Nothing of this machine is shared with it but how registries are reached. Needs root and mmdebstrap.
set -euo pipefail
cd "$(dirname "$0")/.."

NEEDED=git,make,gcc,libc6-dev,ca-certificates,python3,python3-venv,nodejs,npm,golang-go,maven,default-jdk-headless
# From Debian's backports: Debian 13 itself has an older Rust than the dependencies take.
RUST="cargo rustc rustfmt rust-clippy"

# The inner half, in a mount namespace of its own: what it mounts is gone with it, before the outer half removes the tree.
if test -n "${EGOI_FRESH_TREE:-}"; then
  tree=$EGOI_FRESH_TREE
  # File systems of the kernel's, and none of this machine's: nothing that runs in there can change this machine.
  mount -t proc proc "$tree/proc"
  mount -t sysfs -o ro sysfs "$tree/sys"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
  mount -t tmpfs tmpfs "$tree/dev/shm"
  # Of the environment, what says how registries are reached.
  mapfile -t environment < <(env | grep -iE '^([a-z]+_proxy|GOPROXY|GOFLAGS|GONOSUMDB|GOSUMDB|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|CERT|PROXY|DEFAULT_TIMEOUT)|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)=')
  exec chroot "$tree" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI=true \
    "${environment[@]}" make -C /root/egoi-verify "$@"
fi

if test "$(id -u)" != 0 || ! command -v mmdebstrap >/dev/null; then
  echo "tools/test-fresh.sh needs root and mmdebstrap" >&2
  exit 1
fi

tree=$(mktemp -d)
clean_up() {
  if grep -q " $tree/" /proc/self/mountinfo; then
    echo "something is mounted in $tree, which stays" >&2
  else
    rm -rf --one-file-system "$tree"
  fi
}
trap clean_up EXIT

# shellcheck disable=SC2016 # A variable of apt-get's.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian/\?$' | head -n 1)
mmdebstrap --quiet --variant=minbase --include="$NEEDED" \
  --customize-hook="chroot \"\$1\" apt-get install -y -qq --no-install-recommends -t trixie-backports $RUST" \
  trixie "$tree" "deb $mirror trixie main" "deb $mirror trixie-backports main" >/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

cp --remove-destination --dereference /etc/resolv.conf "$tree/etc/resolv.conf"
cp --recursive --no-dereference --no-target-directory /etc/ssl/certs "$tree/etc/ssl/certs"
cp --recursive --no-dereference --no-target-directory /usr/local/share/ca-certificates "$tree/usr/local/share/ca-certificates"
for file in .npmrc .config/go/env .config/pip/pip.conf; do
  test ! -e "$HOME/$file" || install -D "$HOME/$file" "$tree/root/$file"
done
git clone --quiet --no-local . "$tree/root/egoi-verify"

targets=("$@")
test $# -gt 0 || targets=(demo test)
for target in "${targets[@]}"; do
  EGOI_FRESH_TREE=$tree unshare --mount --propagation private "$0" "$target"
done
