# Open vSwitch with DPDK, a vhost-user back-end that is not ours. Its packages are unpacked
# privately: installed, they would start a service. Sourced, not run.
# shellcheck shell=bash

OVS=$CACHE/openvswitch

need_openvswitch() {
  local packages=(openvswitch-common openvswitch-switch openvswitch-switch-dpdk) archives=$OVS/archives
  if [ ! -d "$OVS/root" ]; then
    apt_refresh
    say "download and unpack Open vSwitch under $OVS (about 5 MB)"
    rm -rf "$archives" "$OVS/root.new"
    mkdir -p "$archives"
    (cd "$archives" && quiet apt-get download -q "${packages[@]}")
    unpack_debs "$OVS/root.new" "$archives"/*.deb
    # shellcheck disable=SC2016  # the dollar is dpkg's
    dpkg-deb -W --showformat='${Depends}\n' "$archives"/openvswitch-switch-dpdk_*.deb |
      tr ',' '\n' | sed -n 's/^ *\(lib[^ ]*\).*/\1/p' >"$OVS/libraries"
    rm -r "$archives"
    mv "$OVS/root.new" "$OVS/root"
  fi
  mapfile -t packages <"$OVS/libraries"
  need_packages "Open vSwitch" "${packages[@]}"
}
