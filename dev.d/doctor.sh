# What this machine has and lacks, with the remedy. Changes nothing. Sourced, not run.
# shellcheck shell=bash

DOCTOR_LACKS=0

has() { printf '  ok    %s\n' "$1"; }

# lacks WHAT REMEDY
lacks() {
  printf '  LACKS %s\n        remedy: %s\n' "$1" "$2"
  DOCTOR_LACKS=$((DOCTOR_LACKS + 1))
}

note() { printf '  note  %s\n' "$1"; }

doctor_packages() {
  local package
  for package in maven gcc libc6-dev qemu-system-x86 user-mode-linux busybox-static cpio kmod \
    xz-utils squashfs-tools iproute2 iputils-ping iperf3 tcpdump tshark ethtool dpdk-dev; do
    if has_package "$package"; then
      has "package $package $(dpkg-query -W -f '${Version}' "$package")"
    else
      lacks "package $package" "./dev setup"
    fi
  done
}

doctor_kernel() {
  if [ -c /dev/net/tun ]; then has "/dev/net/tun"; else lacks "/dev/net/tun" "modprobe tun"; fi
  if unshare --net true 2>/dev/null; then
    has "network namespaces"
  else
    lacks "network namespaces" "run as root, outside a container that forbids them"
  fi
  if [ -c /dev/kvm ]; then
    note "/dev/kvm is there; the tests use emulation all the same, so that they run everywhere"
  else
    note "no /dev/kvm: not needed, the guests are emulated"
  fi
  if [ -r /proc/sys/kernel/io_uring_disabled ] && [ "$(cat /proc/sys/kernel/io_uring_disabled)" != 0 ]; then
    lacks "io_uring (disabled for some)" "sysctl kernel.io_uring_disabled=0"
  fi
  note "kernel $(uname -r), $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg)"
  note "free under $CACHE: $(mkdir -p "$CACHE" && df -h --output=avail "$CACHE" | tail -n 1 | tr -d ' ') (about 1.5 GB are used)"
}

verb_doctor() {
  local home file
  if [ "$(id -u)" = 0 ]; then has "root"; else lacks "root" "tests of namespaces and machines need root"; fi
  if home=$(find_jdk); then has "JDK 25 at $home"; else lacks "a JDK 25" "./dev setup, or set JAVA_HOME"; fi
  doctor_packages
  if [ -x "$QEMU10/qemu-system-x86_64" ]; then
    has "QEMU 10 at $QEMU10"
  else
    lacks "QEMU 10" "./dev setup"
  fi
  if [ -d "$OVS/root" ]; then
    has "Open vSwitch at $OVS"
  else
    lacks "Open vSwitch" "./dev setup"
  fi
  for file in vmlinux initramfs.cpio jre.squashfs traffic bond-choices uml-xstate.so; do
    if [ -e "$GUEST/$file" ]; then has "guest file $file"; else lacks "guest file $file" "./dev setup"; fi
  done
  doctor_kernel
  if command -v jextract >/dev/null; then
    has "jextract"
  else
    note "no jextract: only ./dev bindings wants it"
  fi
  [ "$DOCTOR_LACKS" -eq 0 ] || exit 1
}
