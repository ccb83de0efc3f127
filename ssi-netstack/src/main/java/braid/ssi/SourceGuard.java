package braid.ssi;

import braid.port.Frame;

/// Does a frame say that it is from whom it is? What a guest may state about itself is its own
/// addresses.
///
/// | where | what must be among the end's addresses |
/// |---|---|
/// | Ethernet | the source; else other hosts' frames would be drawn to this guest |
/// | ARP, RARP | the sender's hardware address (RFC 826 `ar$sha`); else neighbours would err |
/// | ICMPv6 133 to 137 | the address in each link-layer address option (RFC 4861, 4.6.1) |
///
/// ARP that is cut short or not for Ethernet is refused: nobody could check it. **Not looked at**:
/// IP addresses, which a guest may change as it likes; options behind the first 128 bytes;
/// neighbour discovery behind IPv6 extension headers, which RFC 6980 and common hosts allow only
/// unfragmented, and whose Ethernet source has been checked like that of every frame; DHCP.
final class SourceGuard {
  private static final int ARP_BYTES = 28;
  private static final int ARP_SENDER = 8;
  private static final int ARP_ETHERNET = 1;
  private static final int ROUTER_SOLICITATION = 133;
  private static final int REDIRECT = 137;

  /// Where options begin in each message from 133 to 137, from the ICMPv6 type.
  private static final int[] OPTIONS = {8, 16, 24, 24, 40};

  private static final int OPTION_UNIT = 8;
  private static final int OPTION_SOURCE = 1;
  private static final int OPTION_TARGET = 2;

  private SourceGuard() {}

  /// `mac` is one of `own`.
  static boolean among(long mac, long[] own) {
    for (long each : own) {
      if (each == mac) {
        return true;
      }
    }
    return false;
  }

  /// The addresses inside ARP and neighbour discovery are the sender's own.
  ///
  /// @param type the EtherType behind any tag
  /// @param at   offset of what follows it
  static boolean honest(Frame frame, int type, int at, long[] own) {
    return switch (type) {
      case Wire.TYPE_ARP, Wire.TYPE_RARP ->
          frame.headLength() >= at + ARP_BYTES
              && frame.u16(at) == ARP_ETHERNET
              && frame.u8(at + 4) == 6
              && among(frame.mac(at + ARP_SENDER), own);
      case Wire.TYPE_IPV6 -> honestNeighbour(frame, at, own);
      default -> true;
    };
  }

  private static boolean honestNeighbour(Frame frame, int at, long[] own) {
    int icmp = at + NeighbourDiscovery.TYPE;
    if (frame.headLength() <= icmp || !NeighbourDiscovery.icmp(frame, at)) {
      return true;
    }
    int type = frame.u8(icmp);
    if (type < ROUTER_SOLICITATION || type > REDIRECT) {
      return true;
    }
    int option = icmp + OPTIONS[type - ROUTER_SOLICITATION];
    // A redirect's target option names another host's address by design; its source is checked.
    int ofOthers = type == REDIRECT ? OPTION_TARGET : 0;
    while (option + OPTION_UNIT <= frame.headLength()) {
      int kind = frame.u8(option);
      int length = frame.u8(option + 1) * OPTION_UNIT;
      if (length == 0) {
        return false; // RFC 4861 4.6: must be discarded
      }
      boolean address = kind == OPTION_SOURCE || kind == OPTION_TARGET;
      if (address && kind != ofOthers && !among(frame.mac(option + 2), own)) {
        return false;
      }
      option += length;
    }
    return true;
  }
}
