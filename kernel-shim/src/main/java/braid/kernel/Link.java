package braid.kernel;

import braid.kernel.jextract.Sys;

/// A network interface as rtnetlink describes it.
///
/// @param index   the kernel's number, unique in its network namespace
/// @param name    for instance `eth0`
/// @param flags   IFF_* bits
/// @param mac     hardware address in the low 48 bits, 0 when it has none
/// @param mtu     bytes of payload
/// @param master  index of the bridge or bond it belongs to, 0 for none
/// @param kind    `bridge`, `veth`, `tun`…, empty for hardware
/// @param carrier the wire is there and the interface is up
public record Link(
    int index,
    String name,
    int flags,
    long mac,
    int mtu,
    int master,
    String kind,
    boolean carrier) {

  /// Somebody set it up (`ip link set up`).
  public boolean up() {
    return (flags & Sys.IFF_UP()) != 0;
  }
}
