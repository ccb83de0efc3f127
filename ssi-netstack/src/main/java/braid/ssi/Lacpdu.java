package braid.ssi;

import braid.port.Frame;

/// The two messages of link aggregation, read from and written into a [Frame]: the LACPDU (IEEE
/// 802.1AX-2014, 6.4.2) and the marker (6.5.3).
///
/// | offset | bytes | LACPDU | marker |
/// |---|---|---|---|
/// | 0 | 6 | destination 01-80-C2-00-00-02 | same |
/// | 6 | 6 | source: the port's own address | same |
/// | 12 | 2 | 0x8809, slow protocols | same |
/// | 14 | 1 | subtype 1 | subtype 2 |
/// | 15 | 1 | version 1 | version 1 |
/// | 16 | 2 | actor TLV: type 1, length 20 | type 1 (marker) or 2 (response), length 16 |
/// | 18 | 2 | system priority | requester's port |
/// | 20 | 6 | system | requester's system |
/// | 26 | 2 | key | transaction identifier (4 bytes) |
/// | 28 | 2 | port priority | |
/// | 30 | 2 | port | pad |
/// | 32 | 1 | state | terminator: type 0, length 0 (2 bytes) |
/// | 33 | 3 | reserved | reserved to the end |
/// | 36 | 20 | partner TLV: type 2, length 20, fields as the actor's | |
/// | 56 | 2 | collector TLV: type 3, length 16 | |
/// | 58 | 2 | greatest delay in units of 10 µs | |
/// | 60 | 12 | reserved | |
/// | 72 | 2 | terminator: type 0, length 0 | |
/// | 74 | 50 | reserved | |
///
/// Both are 124 bytes. A reader checks lengths and TLV lengths, and takes a version above its own
/// as its own (6.4.2.4).
final class Lacpdu {
  static final int BYTES = 124;
  static final long GROUP = 0x0180_c200_0002L;

  private static final int SUBTYPE = 14;
  private static final int VERSION = 15;
  private static final int ACTOR = 16;
  private static final int PARTNER = 36;
  private static final int COLLECTOR = 56;

  private static final int SUBTYPE_LACP = 1;
  private static final int SUBTYPE_MARKER = 2;
  private static final int VERSION_1 = 1;
  private static final int TLV_ACTOR = 1;
  private static final int TLV_PARTNER = 2;
  private static final int TLV_COLLECTOR = 3;
  private static final int INFO_BYTES = 20;
  private static final int COLLECTOR_BYTES = 16;

  // Within the TLV of actor or partner.
  private static final int SYSTEM_PRIORITY = 2;
  private static final int SYSTEM = 4;
  private static final int KEY = 10;
  private static final int PORT_PRIORITY = 12;
  private static final int PORT = 14;
  private static final int STATE = 16;

  private static final int MARKER = 16;
  private static final int MARKER_SYSTEM = 20;
  private static final int MARKER_BYTES = 16;
  private static final int MARKER_REQUEST = 1;
  private static final int MARKER_RESPONSE = 2;

  /// What a frame of the slow protocols is.
  enum Kind {
    /// Another slow protocol: not for us.
    OTHER,
    /// One of ours, cut or with wrong TLVs.
    MALFORMED,
    /// An LACPDU.
    LACP,
    /// A marker that wants a response.
    MARKER,
    /// A response to a marker, of which we send none.
    RESPONSE
  }

  private Lacpdu() {}

  /// Judges a frame whose EtherType, already seen, is that of the slow protocols.
  static Kind kind(Frame frame) {
    if (frame.headLength() <= SUBTYPE) {
      return Kind.MALFORMED;
    }
    return switch (frame.u8(SUBTYPE)) {
      case SUBTYPE_LACP -> whole(frame) && lacpTlvs(frame) ? Kind.LACP : Kind.MALFORMED;
      case SUBTYPE_MARKER -> whole(frame) ? marker(frame) : Kind.MALFORMED;
      default -> Kind.OTHER;
    };
  }

  private static boolean whole(Frame frame) {
    return frame.headLength() >= BYTES && frame.u8(VERSION) >= VERSION_1;
  }

  private static boolean lacpTlvs(Frame frame) {
    return tlv(frame, ACTOR, TLV_ACTOR, INFO_BYTES) && tlv(frame, PARTNER, TLV_PARTNER, INFO_BYTES);
  }

  private static Kind marker(Frame frame) {
    if (tlv(frame, MARKER, MARKER_REQUEST, MARKER_BYTES)) {
      return Kind.MARKER;
    }
    return tlv(frame, MARKER, MARKER_RESPONSE, MARKER_BYTES) ? Kind.RESPONSE : Kind.MALFORMED;
  }

  private static boolean tlv(Frame frame, int at, int type, int bytes) {
    return frame.u8(at) == type && frame.u8(at + 1) == bytes;
  }

  /// Who sent this LACPDU.
  static LacpInfo actor(Frame frame) {
    return info(frame, ACTOR);
  }

  /// What the sender of this LACPDU believes of its partner.
  static LacpInfo partner(Frame frame) {
    return info(frame, PARTNER);
  }

  private static LacpInfo info(Frame frame, int at) {
    return new LacpInfo(
        frame.u16(at + SYSTEM_PRIORITY),
        frame.mac(at + SYSTEM),
        frame.u16(at + KEY),
        frame.u16(at + PORT_PRIORITY),
        frame.u16(at + PORT),
        frame.u8(at + STATE));
  }

  /// The system that sent this marker.
  static long requester(Frame frame) {
    return frame.mac(MARKER_SYSTEM);
  }

  /// Copies what a marker's response must repeat.
  static void copyMarker(Frame frame, byte[] into) {
    for (int i = 0; i < into.length; i++) {
      into[i] = (byte) frame.u8(MARKER + 2 + i);
    }
  }

  /// Bytes for [#copyMarker].
  static byte[] markerSpace() {
    return new byte[MARKER_BYTES - 2];
  }

  static void write(Frame frame, long source, LacpInfo actor, LacpInfo partner) {
    Wire.ethernet(frame, BYTES, GROUP, source, Wire.TYPE_SLOW);
    Wire.put8(frame, SUBTYPE, SUBTYPE_LACP);
    Wire.put8(frame, VERSION, VERSION_1);
    put(frame, ACTOR, TLV_ACTOR, actor);
    put(frame, PARTNER, TLV_PARTNER, partner);
    Wire.put8(frame, COLLECTOR, TLV_COLLECTOR);
    Wire.put8(frame, COLLECTOR + 1, COLLECTOR_BYTES);
  }

  private static void put(Frame frame, int at, int type, LacpInfo info) {
    Wire.put8(frame, at, type);
    Wire.put8(frame, at + 1, INFO_BYTES);
    Wire.put16(frame, at + SYSTEM_PRIORITY, info.systemPriority());
    Wire.putMac(frame, at + SYSTEM, info.system());
    Wire.put16(frame, at + KEY, info.key());
    Wire.put16(frame, at + PORT_PRIORITY, info.portPriority());
    Wire.put16(frame, at + PORT, info.port());
    Wire.put8(frame, at + STATE, info.state());
  }

  static void writeResponse(Frame frame, long source, byte[] marker) {
    Wire.ethernet(frame, BYTES, GROUP, source, Wire.TYPE_SLOW);
    Wire.put8(frame, SUBTYPE, SUBTYPE_MARKER);
    Wire.put8(frame, VERSION, VERSION_1);
    Wire.put8(frame, MARKER, MARKER_RESPONSE);
    Wire.put8(frame, MARKER + 1, MARKER_BYTES);
    for (int i = 0; i < marker.length; i++) {
      Wire.put8(frame, MARKER + 2 + i, marker[i]);
    }
  }
}
