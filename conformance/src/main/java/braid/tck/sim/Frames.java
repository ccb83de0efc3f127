package braid.tck.sim;

import braid.port.Frame;
import java.nio.ByteBuffer;

/// The frames of a simulation: UDP over IPv4 with a number inside that tells who accepted it when,
/// and ARP.
final class Frames {
  static final int TYPE_IPV4 = 0x0800;
  static final int TYPE_ARP = 0x0806;
  static final int TYPE_RARP = 0x8035;
  static final int TYPE_VLAN = 0x8100;
  static final int SHORTEST = 60;
  static final long ALL = 0xffff_ffff_ffffL;

  /// Not a number of a frame of ours.
  static final int NONE = -1;

  private static final int TAG_BYTES = 4;
  private static final int UDP_AT = 34;
  private static final int MAGIC_AT = 42;
  private static final int NUMBER_AT = 46;
  private static final int MAGIC = 0x5eed_0000;

  private Frames() {}

  /// One numbered frame.
  ///
  /// @param stream which of the senders it is of, 0 to 65535
  /// @param flow   makes the UDP ports
  static byte[] numbered(long to, long from, int stream, int flow, int number, int bytes) {
    ByteBuffer out = ByteBuffer.allocate(Math.max(SHORTEST, bytes));
    mac(out, to);
    mac(out, from);
    out.putShort((short) TYPE_IPV4)
        .putInt(0x4500_0000 | (bytes - 14))
        .putInt(0)
        .putShort((short) 0x4011);
    out.putShort((short) 0).putInt(ip(from)).putInt(ip(to));
    out.putShort((short) (4000 + flow)).putShort((short) 5000).putShort((short) (bytes - UDP_AT));
    out.putShort((short) 0).putInt(MAGIC | stream).putInt(number);
    return out.array();
  }

  /// The station's address in the network 10/8.
  static int ip(long mac) {
    return 0x0a00_0000 | (int) (mac & 0xff_ffff);
  }

  static byte[] arp(long to, int operation, long sender, int senderIp, long target, int targetIp) {
    ByteBuffer out = ByteBuffer.allocate(SHORTEST);
    mac(out, to);
    mac(out, sender);
    out.putShort((short) TYPE_ARP).putShort((short) 1).putShort((short) TYPE_IPV4);
    out.putShort((short) 0x0604).putShort((short) operation);
    mac(out, sender);
    out.putInt(senderIp);
    mac(out, target);
    out.putInt(targetIp);
    return out.array();
  }

  /// The same with a VLAN tag.
  static byte[] tagged(byte[] frame, int vlan) {
    return ByteBuffer.allocate(frame.length + TAG_BYTES)
        .put(frame, 0, 12)
        .putShort((short) TYPE_VLAN)
        .putShort((short) vlan)
        .put(frame, 12, frame.length - 12)
        .array();
  }

  private static void mac(ByteBuffer out, long mac) {
    out.putShort((short) (mac >>> 32)).putInt((int) mac);
  }

  static long mac(byte[] frame, int at) {
    long high = (frame[at] & 0xffL) << 40 | (frame[at + 1] & 0xffL) << 32;
    return high | (int32(frame, at + 2) & 0xffff_ffffL);
  }

  static int int32(byte[] frame, int at) {
    return (frame[at] & 0xff) << 24
        | (frame[at + 1] & 0xff) << 16
        | (frame[at + 2] & 0xff) << 8
        | (frame[at + 3] & 0xff);
  }

  static int type(byte[] frame) {
    return type(frame, 0);
  }

  private static int type(byte[] frame, int tag) {
    return (frame[12 + tag] & 0xff) << 8 | (frame[13 + tag] & 0xff);
  }

  static boolean group(byte[] frame) {
    return (frame[0] & 1) != 0;
  }

  /// The number in a frame of `stream`, [#NONE] when it is none.
  static int number(byte[] frame, int stream) {
    int tag = type(frame) == TYPE_VLAN ? TAG_BYTES : 0;
    boolean ours =
        frame.length >= SHORTEST
            && type(frame, tag) == TYPE_IPV4
            && int32(frame, MAGIC_AT + tag) == (MAGIC | stream);
    return ours ? int32(frame, NUMBER_AT + tag) : NONE;
  }

  /// The number in a frame of `stream`, [#NONE] when it is none.
  static int number(Frame frame, int stream) {
    if (frame.headLength() < SHORTEST) {
      return NONE;
    }
    int tag = frame.u16(12) == TYPE_VLAN ? TAG_BYTES : 0;
    boolean ours =
        frame.u16(12 + tag) == TYPE_IPV4 && frame.i32(MAGIC_AT + tag) == (MAGIC | stream);
    return ours ? frame.i32(NUMBER_AT + tag) : NONE;
  }
}
