# QEMU 10 (vhost-user with MSI-X, VT-d): Debian 13 has it; on Debian 12 Debian 13's packages are
# unpacked privately and run with their own C library. Sourced, not run.
# shellcheck shell=bash

QEMU10=$CACHE/qemu10

need_qemu10() {
  [ ! -x "$QEMU10/qemu-system-x86_64" ] || return 0
  mkdir -p "$QEMU10"
  if [ "$DEBIAN_RELEASE" -ge 13 ]; then
    need_packages "the virtual machines" qemu-system-x86
    printf '#!/bin/sh\nexec /usr/bin/qemu-system-x86_64 "$@"\n' >"$QEMU10/qemu.new"
  else
    private_qemu
  fi
  chmod 755 "$QEMU10/qemu.new"
  mv "$QEMU10/qemu.new" "$QEMU10/qemu-system-x86_64"
}

private_qemu() {
  trixie_refresh
  say "download and unpack Debian 13's QEMU under $QEMU10 (about 40 MB)"
  local archives=$CACHE/trixie/archives
  rm -f "$archives"/*.deb
  quiet trixie_apt apt-get install -q -y --download-only --no-install-recommends qemu-system-x86
  rm -rf "$QEMU10/root"
  unpack_debs "$QEMU10/root" "$archives"/*.deb
  rm -f "$archives"/*.deb
  cat >"$QEMU10/qemu.new" <<'WRAPPER'
#!/bin/sh
# Debian 13's QEMU with the libraries it was built for.
usr=$(dirname "$(readlink -f "$0")")/root/usr
lib=$usr/lib/x86_64-linux-gnu
QEMU_MODULE_DIR=$lib/qemu exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" \
  "$usr/bin/qemu-system-x86_64" -L "$usr/share/qemu" -L "$usr/share/seabios" \
  -L "$usr/lib/ipxe/qemu" "$@"
WRAPPER
}
