package braid.ssi;

import braid.port.Frame;

/// IPv6 neighbour discovery messages (RFC 4861, 4), read and written. Offsets count from the first
/// byte of the IPv6 header.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 4 | version 6 |
/// | 4 | 2 | payload length |
/// | 6 | 1 | next header 58, ICMPv6 |
/// | 7 | 1 | hop limit 255: it came from this link |
/// | 8 | 16 | source |
/// | 24 | 16 | destination |
/// | 40 | 1 | ICMPv6 type |
/// | 42 | 2 | checksum |
/// | 44 | 1 | flags of an advertisement: 0x80 router, 0x40 solicited, 0x20 override |
/// | 48 | 16 | target |
/// | 64 | 8 | option: link-layer address, 1 source, 2 target |
final class NeighbourDiscovery {
  static final int ROUTER_ADVERTISEMENT = 134;
  static final int SOLICITATION = 135;
  static final int ADVERTISEMENT = 136;

  static final int FLAG_ROUTER = 0x80;
  static final int FLAG_SOLICITED = 0x40;
  static final int FLAG_OVERRIDE = 0x20;

  static final int HOP_LIMIT = 7;
  static final int SOURCE = 8;
  static final int DESTINATION = 24;
  static final int TYPE = 40;
  static final int FLAGS = 44;
  static final int TARGET = 48;

  /// Through the target, without options.
  static final int READ_BYTES = 64;

  /// With one link-layer address option.
  static final int BYTES = 72;

  static final long LINK_LOCAL_HIGH = 0xfe80_0000_0000_0000L;
  static final long MULTICAST_HIGH = 0xff02_0000_0000_0000L;

  private static final int NEXT_HEADER = 6;
  private static final int ICMPV6 = 58;
  private static final int CHECKSUM = 42;
  private static final int OPTION = 64;
  private static final int ICMP_BYTES = BYTES - TYPE;

  private NeighbourDiscovery() {}

  /// The ICMPv6 type of a message long enough to hold a target, 0 when it is none.
  static int type(Frame frame, int at) {
    boolean icmp = frame.headLength() >= at + READ_BYTES && frame.u8(at + NEXT_HEADER) == ICMPV6;
    return icmp ? frame.u8(at + TYPE) : 0;
  }

  /// The IPv6 header at `at`, which lies whole in the head, is followed by ICMPv6 at once.
  static boolean icmp(Frame frame, int at) {
    return frame.u8(at + NEXT_HEADER) == ICMPV6;
  }

  static void address(Frame frame, int offset, long high, long low) {
    Wire.put64(frame, offset, high);
    Wire.put64(frame, offset + 8, low);
  }

  static boolean isAt(Frame frame, int offset, long high, long low) {
    return Wire.get64(frame, offset) == high && Wire.get64(frame, offset + 8) == low;
  }

  /// Completes a message whose addresses and target are written: everything else, then the
  /// checksum.
  ///
  /// @param mac for the option
  static void finish(Frame frame, int at, int type, int flags, long mac) {
    Wire.put8(frame, at, 0x60);
    Wire.put16(frame, at + 4, ICMP_BYTES);
    Wire.put8(frame, at + NEXT_HEADER, ICMPV6);
    Wire.put8(frame, at + HOP_LIMIT, 255);
    Wire.put8(frame, at + TYPE, type);
    Wire.put8(frame, at + FLAGS, flags);
    Wire.put8(frame, at + OPTION, type == ADVERTISEMENT ? 2 : 1);
    Wire.put8(frame, at + OPTION + 1, 1);
    Wire.putMac(frame, at + OPTION + 2, mac);
    Wire.put16(frame, at + CHECKSUM, checksum(frame, at));
  }

  /// RFC 4443 2.3: both addresses, length, next header, message.
  private static int checksum(Frame frame, int at) {
    int sum = ICMP_BYTES + ICMPV6;
    for (int i = at + SOURCE; i < at + BYTES; i += 2) {
      sum += frame.u16(i);
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }
}
