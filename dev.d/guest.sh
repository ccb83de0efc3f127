# The guests: kernel, initramfs and Java runtime, made from Debian packages at run time.
# Sourced, not run. What is made (all under $CACHE/guest, one file per thing, made once):
#   vmlinux          the distribution's kernel, unpacked: no decompression under emulation
#   modules/         that kernel's modules
#   initramfs.cpio   busybox, the modules the guests use, /init, traffic, iperf3, ping
#   jre.squashfs     a Java runtime, read-only, for the guest that runs braid
#   jre/             the same as a directory: to prepare class archives on the host
#   traffic          the traffic program, static: the same one on both ends
#   bond-choices     what the kernel's bonding driver does with each frame, static
#   uml-xstate.so    lets user-mode Linux run on processors with a large register state
#   uml-init, agent  first process of the user-mode Linux guest, whose root is the host's
# shellcheck shell=bash

GUEST=$CACHE/guest
# shellcheck disable=SC2153  # ROOT comes from dev
GUEST_SOURCE=$ROOT/test-vms/src/main/guest

# Drivers the guests use; what these need comes with them.
GUEST_MODULES=(virtio_pci virtio_net virtio_blk virtio_console qemu_fw_cfg squashfs tun vfio-pci
  vfio_iommu_type1 bonding bridge veth e1000e)

need_guests() {
  need_packages "the virtual machines" qemu-system-x86 user-mode-linux iproute2 iputils-ping \
    iperf3 tcpdump ethtool procps
  need_packages "the tests of captures" tshark
  need_packages "the guest images" busybox-static cpio kmod xz-utils zstd squashfs-tools binutils
  # One at a time: the cache may serve several checkouts.
  mkdir -p "$GUEST"
  exec 8>"$CACHE/lock"
  flock 8
  need_qemu10
  guest_kernel
  guest_program traffic sha256.h
  guest_program bond-choices
  guest_library uml-xstate
  guest_initramfs
  guest_jre
  install -m 755 "$GUEST_SOURCE"/{agent,uml-init,in-guest-root} "$GUEST/"
  exec 8>&-
}

# The other implementations, on either end, in tests and benchmarks.
need_bench() {
  need_packages "the comparison with DPDK" dpdk-dev iproute2 iperf3
  need_openvswitch
}

# made FILE INPUT...: true if FILE was made from these inputs as they are now. Otherwise FILE is to
# be made, and done_making FILE says that it was.
made() {
  local file=$1
  shift
  MADE_FROM=$(cat "$@" | sha256sum)
  [ -e "$file" ] && [ "$(cat "$file.from" 2>/dev/null)" = "$MADE_FROM" ]
}

done_making() {
  echo "$MADE_FROM" >"$1.from"
}

guest_kernel() {
  [ ! -f "$GUEST/vmlinux" ] || return 0
  local package work=$GUEST/kernel.new image
  has_candidate linux-image-amd64 || apt_refresh
  package=$(LC_ALL=C apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  [ -n "$package" ] || die "apt knows no linux-image-amd64" "check the machine's package sources"
  say "download the guest's kernel: $package"
  rm -rf "$work"
  mkdir -p "$work"
  if ! (cd "$work" && apt-get download -q "$package" >log 2>&1); then
    # Package lists may be older than the archive.
    apt_refresh
    (cd "$work" && quiet apt-get download -q "$package")
  fi
  unpack_debs "$work" "$work"/*.deb
  image=$(echo "$work"/boot/vmlinuz-*)
  say "unpack vmlinux and modules"
  unpack_vmlinux "$image" "$work/vmlinux"
  rm -rf "$GUEST/modules"
  if [ -d "$work/lib/modules" ]; then
    mv "$work/lib/modules" "$GUEST/modules"
  else
    mv "$work/usr/lib/modules" "$GUEST/modules"
  fi
  mv "$work/vmlinux" "$GUEST/vmlinux"
  rm -rf "$work"
}

# unpack_vmlinux BZIMAGE TO: the boot protocol's header says where the compressed kernel lies:
# setup_sects at 0x1f1, payload_offset at 0x248, payload_length at 0x24c. After the payload stands
# its unpacked size (4 bytes, counted in the length).
unpack_vmlinux() {
  local image=$1 to=$2 sectors offset length magic
  sectors=$(od -An -tu1 -j $((0x1f1)) -N1 "$image")
  offset=$(od -An -tu4 -j $((0x248)) -N4 "$image")
  length=$(od -An -tu4 -j $((0x24c)) -N4 "$image")
  offset=$((offset + (sectors + 1) * 512))
  tail -c "+$((offset + 1))" "$image" | head -c "$((length - 4))" >"$to.packed" || true
  magic=$(od -An -tx1 -N4 "$to.packed" | tr -d ' ')
  case $magic in
    fd377a58) xz -dc --single-stream <"$to.packed" >"$to" ;;
    28b52ffd) zstd -q -dc <"$to.packed" >"$to" ;;
    1f8b*) gzip -dc <"$to.packed" >"$to" ;;
    *) die "the kernel is packed in an unknown way ($magic)" "report it with the kernel's version" ;;
  esac
  rm "$to.packed"
}

# guest_program NAME [HEADER...]: compiles NAME.c, static.
guest_program() {
  local name=$1
  shift
  made "$GUEST/$name" "$GUEST_SOURCE/$name.c" "${@/#/$GUEST_SOURCE/}" && return 0
  say "compile the guests' program $name"
  quiet gcc -std=c11 -O2 -Wall -Wextra -Werror -static -o "$GUEST/$name.new" "$GUEST_SOURCE/$name.c"
  mv "$GUEST/$name.new" "$GUEST/$name"
  done_making "$GUEST/$name"
}

# guest_library NAME: compiles NAME.c to be preloaded on the host.
guest_library() {
  made "$GUEST/$1.so" "$GUEST_SOURCE/$1.c" && return 0
  say "compile the guests' library $1"
  quiet gcc -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -o "$GUEST/$1.so.new" "$GUEST_SOURCE/$1.c"
  mv "$GUEST/$1.so.new" "$GUEST/$1.so"
  done_making "$GUEST/$1.so"
}

# Where the C library lies that the guest gets: the newest one any of its programs needs.
guest_libc() {
  case $JAVA_HOME in
    "$PRIVATE_JDK"/*) echo "$PRIVATE_JDK/usr/lib/x86_64-linux-gnu" ;;
    *) echo /lib/x86_64-linux-gnu ;;
  esac
}

guest_initramfs() {
  made "$GUEST/initramfs.cpio" "$GUEST/vmlinux" "$GUEST/traffic" "$GUEST_SOURCE/init" \
    "$GUEST_SOURCE/agent" "$JAVA_HOME/release" "$ROOT/dev.d/guest.sh" && return 0
  say "make the guests' initramfs"
  local root=$GUEST/initramfs.new version
  version=$(ls "$GUEST/modules")
  rm -rf "$root"
  mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,etc,jre,app,lib64,lib/x86_64-linux-gnu}
  install -m 755 "$(dpkg -L busybox-static | grep '/bin/busybox$')" "$root/bin/busybox"
  local applet
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
  done
  install -m 755 "$GUEST_SOURCE/init" "$root/init"
  install -m 755 "$GUEST_SOURCE/agent" "$GUEST/traffic" "$root/bin/"
  guest_copy_modules "$root" "$version"
  guest_copy_programs "$root"
  (cd "$root" && find . | cpio -o -H newc --quiet) >"$GUEST/initramfs.cpio.new"
  mv "$GUEST/initramfs.cpio.new" "$GUEST/initramfs.cpio"
  rm -rf "$root"
  done_making "$GUEST/initramfs.cpio"
}

guest_copy_modules() {
  local root=$1 version=$2 source=$GUEST/kernel-root name file
  rm -rf "$source"
  mkdir -p "$source/lib" "$root/lib/modules/$version"
  ln -s "$GUEST/modules" "$source/lib/modules"
  depmod -b "$source" "$version"
  for name in "${GUEST_MODULES[@]}"; do
    modprobe -d "$source" -S "$version" --show-depends "$name" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | sort -u | while read -r file; do
    case $file in
      *.xz) xz -dc "$file" >"$root/lib/modules/$version/$(basename "$file" .xz)" ;;
      *) cp "$file" "$root/lib/modules/$version/" ;;
    esac
  done
  cp "$GUEST/modules/$version"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$version/"
  depmod -b "$root" "$version"
  rm -rf "$source"
}

# Programs with shared libraries, the libraries, and the C library for them and for Java.
guest_copy_programs() {
  local root=$1 libc program library
  libc=$(guest_libc)
  for program in iperf3 ping ethtool; do
    program=$(command -v "$program")
    rm -f "$root/bin/$(basename "$program")"
    install -m 755 "$program" "$root/bin/"
    ldd "$program" | sed -n 's/.* => \(\/[^ ]*\).*/\1/p'
  done | sort -u | while read -r library; do
    install -m 755 "$library" "$root/lib/x86_64-linux-gnu/"
  done
  for library in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libgcc_s.so.1 libstdc++.so.6 libz.so.1; do
    for program in "$libc" /usr/lib/x86_64-linux-gnu; do
      if [ -e "$program/$library" ]; then
        install -m 755 "$program/$library" "$root/lib/x86_64-linux-gnu/"
        break
      fi
    done
  done
  install -m 755 "$libc/ld-linux-x86-64.so.2" "$root/lib64/"
}

guest_jre() {
  made "$GUEST/jre.squashfs" "$JAVA_HOME/release" <(declare -f guest_jre) && return 0
  say "link the guest's Java runtime"
  local jre=$GUEST/jre.new
  rm -rf "$jre"
  quiet "$JAVA_HOME/bin/jlink" \
    --add-modules java.base,java.logging,java.management,java.naming,jdk.unsupported,jdk.management \
    --strip-debug --no-header-files --no-man-pages --vm server --output "$jre"
  find "$jre" -name '*.so' -exec strip --strip-unneeded {} +
  rm -rf "$GUEST/jre"
  mv "$jre" "$GUEST/jre"
  # The archive of the JDK's classes is made by the runtime itself, with the guest's C library.
  guest_java -XX:SharedArchiveFile=/jre/lib/server/classes.jsa -XX:+UseSerialGC -Xshare:dump
  rm -f "$GUEST/jre.squashfs"
  quiet mksquashfs "$GUEST/jre" "$GUEST/jre.squashfs.new" -noappend -noI -noD -noF -noX -no-progress
  mv "$GUEST/jre.squashfs.new" "$GUEST/jre.squashfs"
  done_making "$GUEST/jre.squashfs"
}

# guest_java ARGUMENT...: the guest's runtime on the host, at the path it has in the guest.
guest_java() {
  local root=$GUEST/root
  quiet "$GUEST_SOURCE/in-guest-root" "$GUEST" "$root" /jre/bin/java "$@"
}
