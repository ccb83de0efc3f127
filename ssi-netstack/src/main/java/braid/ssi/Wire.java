package braid.ssi;

import braid.port.Frame;
import braid.port.Memory;

/// Offsets and numbers of the frames that are looked at or made here, and writes in network order.
/// Offsets count from the first byte of the Ethernet header.
final class Wire {
  static final int DESTINATION = 0;
  static final int SOURCE = 6;
  static final int TYPE = 12;
  static final int ETHERNET_BYTES = 14;

  /// Bytes of an 802.1Q tag, which pushes what follows the addresses back.
  static final int TAG_BYTES = 4;

  /// The VLAN identifier in a tag.
  static final int VLAN_MASK = 0xfff;

  static final int TYPE_IPV4 = 0x0800;
  static final int TYPE_ARP = 0x0806;
  static final int TYPE_BATMAN = 0x4305;
  static final int TYPE_RARP = 0x8035;
  static final int TYPE_VLAN = 0x8100;
  static final int TYPE_IPV6 = 0x86dd;
  static final int TYPE_MPLS = 0x8847;
  static final int TYPE_MPLS_MULTICAST = 0x8848;
  static final int TYPE_PPPOE_SESSION = 0x8864;

  /// IEEE 802.1ad: the outer tag of two.
  static final int TYPE_SERVICE_VLAN = 0x88a8;

  static final int TYPE_TIPC = 0x88ca;
  static final int TYPE_PTP = 0x88f7;
  static final int TYPE_PRP = 0x88fb;
  static final int TYPE_FCOE = 0x8906;
  static final int TYPE_HSR = 0x892f;

  /// IEEE 802.3 annex 57A: slow protocols, link aggregation among them.
  static final int TYPE_SLOW = 0x8809;

  /// IEEE 802.1Q-2018 table 20-1: connectivity fault management.
  static final int TYPE_CFM = 0x8902;

  static final long BROADCAST = 0xffff_ffff_ffffL;

  /// Shortest Ethernet frame without FCS; shorter ones are filled with zeros.
  static final int SHORTEST_BYTES = 60;

  private Wire() {}

  /// The EtherType of an untagged frame, 0 when the frame is too short to have one.
  static int type(Frame frame) {
    return frame.headLength() < ETHERNET_BYTES ? 0 : frame.u16(TYPE);
  }

  /// The EtherType behind the outermost tag, 0 when there is none.
  static int innerType(Frame frame) {
    int type = type(frame);
    boolean tagged = type == TYPE_VLAN || type == TYPE_SERVICE_VLAN;
    if (!tagged) {
      return type;
    }
    return frame.headLength() < ETHERNET_BYTES + TAG_BYTES ? 0 : frame.u16(TYPE + TAG_BYTES);
  }

  /// IP to one station: the one kind of frame that no check of a bond sends and that may change its
  /// source address on the way.
  static boolean unicastIp(Frame frame) {
    int type = innerType(frame);
    return (type == TYPE_IPV4 || type == TYPE_IPV6) && !Macs.group(frame.mac(DESTINATION));
  }

  static void put8(Frame frame, int offset, int value) {
    Memory.putByte(frame.head() + offset, (byte) value);
  }

  static void put16(Frame frame, int offset, int value) {
    Memory.putShort(frame.head() + offset, Short.reverseBytes((short) value));
  }

  static void put32(Frame frame, int offset, int value) {
    Memory.putInt(frame.head() + offset, Integer.reverseBytes(value));
  }

  static void put64(Frame frame, int offset, long value) {
    Memory.putLong(frame.head() + offset, Long.reverseBytes(value));
  }

  static void putMac(Frame frame, int offset, long mac) {
    put16(frame, offset, (int) (mac >>> 32));
    put32(frame, offset + 2, (int) mac);
  }

  static long get64(Frame frame, int offset) {
    return ((long) frame.i32(offset) << 32) | (frame.i32(offset + 4) & 0xffff_ffffL);
  }

  /// Makes `frame` one of `bytes` zero bytes with a plain header and the addresses and type given.
  static void ethernet(Frame frame, int bytes, long destination, long source, int type) {
    frame.plainHeader();
    frame.headLength(bytes);
    long at = frame.head();
    int i = 0;
    for (; i + 8 <= bytes; i += 8) {
      Memory.putLong(at + i, 0);
    }
    for (; i < bytes; i++) {
      Memory.putByte(at + i, (byte) 0);
    }
    putMac(frame, DESTINATION, destination);
    putMac(frame, SOURCE, source);
    put16(frame, TYPE, type);
  }
}
