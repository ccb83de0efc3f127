package braid.ssi;

import braid.port.Frame;

/// What the frames of the hosts tell about them: where they are to be announced after a switch, and
/// how.
final class Learned {
  final HostTable hosts = new HostTable();
  final AddressTable addresses = new AddressTable(Limits.ADDRESSES);
  final GroupTable groups = new GroupTable(Limits.GROUPS);

  Learned() {}

  /// Reads a frame that a host sends; `type` is its EtherType, 0 when it has none.
  void from(Frame frame, int type) {
    switch (type) {
      case 0 -> {
        return;
      }
      case Wire.TYPE_ARP -> addresses.learn(frame, type);
      case Wire.TYPE_IPV4 -> groups.learn(frame, type);
      case Wire.TYPE_IPV6, Wire.TYPE_VLAN -> {
        addresses.learn(frame, type);
        groups.learn(frame, type);
      }
      default -> {}
    }
    hosts.seen(frame.mac(Wire.SOURCE));
  }
}
