package braid.fabric;

import braid.port.Frame;

/// The bytes between two nodes, inside TLS 1.3. Version 1.
///
/// **A connection** is one stream of records each way. The first record of each side is HELLO: the
/// side that connected speaks first, the other answers. BYE is the last. Numbers are little-endian,
/// as the virtio_net_hdr that travels inside is.
///
/// ```
/// every record
///    0  u8   type
///    1  u8   0
///    2  u16  0
///    4  u32  bytes that follow (the body)
///
/// type      body
/// 1 HELLO    0 u32 magic "BRDF"       4 u16 lowest version   6 u16 highest version
///            8 u64 session           16 u32 next number wanted
///           20 u32 numbers done      24 u32 frames of credit 28 u32 bytes of credit
///           32 u8  flags: 1 = session known, 2 = carrier      33 u8, u16 0
///           36 u32 speed in Mbit/s
///           40 u8 length of node  41 u8 of user  42 u8 of nic  43 u8 0
///           44 node, user, nic in UTF-8
/// 2 FRAME    0 u32 number             4 virtio_net_hdr, 12 bytes
///           16 Ethernet frame, 14 to 65550 bytes, GSO frames uncut
/// 3 CONTROL  0 virtio_net_hdr        12 Ethernet frame, 14 to 128 bytes
/// 4 ACK      0 u32 numbers done       4 u32 first number not allowed
///            8 u64 first byte not allowed, counted from HELLO
/// 5 STATUS   0 u32 1 = carrier        4 u32 speed in Mbit/s
/// 6 PING     0 u64 any
/// 7 PONG     0 u64 the same
/// 8 BYE      0 u16 code               2 u16 0     4 reason in UTF-8, 0 to 256 bytes
/// ```
///
/// **Numbers.** FRAMEs of one direction are numbered from 0 without gaps, modulo 2^32, across the
/// connections of a session. *Next number wanted* is how many the receiver's user has taken;
/// *numbers done* is how many of these have reached the NIC and were released, in order. A receiver
/// that loses its connection throws away what nobody has taken yet, so a sender repeats from *next
/// number wanted*, and what it meanwhile sent another way simply is not in the repetition: the
/// numbers from there on are given anew. A number that was taken before is a duplicate and is
/// dropped; one that leaves a gap breaks the protocol. Windows are at most 2^16 numbers, so half
/// the number space tells old from new.
///
/// **Credit** is an absolute limit on numbers and on bytes of FRAMEs (frame bytes, without headers)
/// that grows as frames are released downstream. Sending beyond it breaks the protocol.
///
/// **CONTROL** carries continuity checks (802.1ag). They have no number, need no credit and are
/// delivered first: a path full of data is not a dead path. They are not repeated: an old one is
/// worth nothing.
final class Records {
  static final int VERSION = 1;
  static final int MAGIC = 0x4644_5242; // "BRDF" in memory order

  static final int HEADER_BYTES = 8;
  static final int LENGTH = 4;

  static final int HELLO = 1;
  static final int FRAME = 2;
  static final int CONTROL = 3;
  static final int ACK = 4;
  static final int STATUS = 5;
  static final int PING = 6;
  static final int PONG = 7;
  static final int BYE = 8;

  /// Body of a HELLO before the names.
  static final int HELLO_BYTES = 44;

  static final int HELLO_MAX = HELLO_BYTES + 3 * Names.BYTES_MAX;

  /// Body of a FRAME before the Ethernet frame: number and virtio_net_hdr.
  static final int FRAME_BYTES = 4 + Frame.HEADER_BYTES;

  static final int ACK_BYTES = 16;
  static final int STATUS_BYTES = 8;
  static final int PING_BYTES = 8;
  static final int BYE_BYTES = 4;
  static final int BYE_TEXT_MAX = 256;

  /// Shortest Ethernet frame: its header.
  static final int ETHERNET_MIN = 14;

  /// Longest CONTROL frame: what is copied into a frame's head.
  static final int CONTROL_MAX = Frame.HEAD_BYTES;

  /// A longest FRAME record with all its headers.
  static final int RECORD_MAX = HEADER_BYTES + FRAME_BYTES + Frame.BYTES_MAX;

  private Records() {}

  /// The body of a record of `type` may have this many bytes.
  static boolean validLength(int type, int bytes) {
    return switch (type) {
      case HELLO -> bytes >= HELLO_BYTES && bytes <= HELLO_MAX;
      case FRAME -> bytes >= FRAME_BYTES + ETHERNET_MIN && bytes <= FRAME_BYTES + Frame.BYTES_MAX;
      case CONTROL ->
          bytes >= Frame.HEADER_BYTES + ETHERNET_MIN && bytes <= Frame.HEADER_BYTES + CONTROL_MAX;
      case ACK -> bytes == ACK_BYTES;
      case STATUS -> bytes == STATUS_BYTES;
      case PING, PONG -> bytes == PING_BYTES;
      case BYE -> bytes >= BYE_BYTES && bytes <= BYE_BYTES + BYE_TEXT_MAX;
      default -> false;
    };
  }
}
