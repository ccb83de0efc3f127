package braid.ssi;

import java.nio.ByteBuffer;

/// Frames as bytes, written and read by hand: the tests' own view of the formats.
final class Packets {
  static final int TEST_TYPE = 0x88b5;

  private Packets() {}

  static ByteBuffer ethernet(long destination, long source, int type) {
    ByteBuffer bytes = ByteBuffer.allocate(128);
    mac(bytes, destination);
    mac(bytes, source);
    return bytes.putShort((short) type);
  }

  static void mac(ByteBuffer bytes, long mac) {
    bytes.putShort((short) (mac >>> 32)).putInt((int) mac);
  }

  static byte[] done(ByteBuffer bytes) {
    byte[] out = new byte[Math.max(60, bytes.position())];
    bytes.flip().get(out, 0, bytes.limit());
    return out;
  }

  static byte[] numbered(long destination, long source, int number) {
    return done(ethernet(destination, source, TEST_TYPE).putInt(number));
  }

  static byte[] arp(
      long destination, int operation, long senderMac, int sender, long targetMac, int target) {
    ByteBuffer bytes = ethernet(destination, senderMac, 0x0806);
    bytes.putShort((short) 1).putShort((short) 0x0800).putShort((short) 0x0604);
    bytes.putShort((short) operation);
    mac(bytes, senderMac);
    bytes.putInt(sender);
    mac(bytes, targetMac);
    return done(bytes.putInt(target));
  }

  /// The solicited answer to a neighbour solicitation, checksum left out.
  static byte[] advertisement(long destination, long source, byte[] question) {
    ByteBuffer bytes = ethernet(destination, source, 0x86dd);
    bytes.putInt(0x6000_0000).putShort((short) 24).put((byte) 58).put((byte) 255);
    bytes.put(question, 62, 16).put(question, 22, 16);
    bytes.put((byte) 136).put(new byte[3]).put((byte) 0x60).put(new byte[3]);
    return done(bytes.put(question, 62, 16));
  }

  static int type(byte[] frame) {
    return ByteBuffer.wrap(frame).getShort(12) & 0xffff;
  }

  static int number(byte[] frame) {
    return ByteBuffer.wrap(frame).getInt(14);
  }

  static long mac(byte[] frame, int at) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    return (bytes.getShort(at) & 0xffffL) << 32 | (bytes.getInt(at + 2) & 0xffff_ffffL);
  }

  static int int32(byte[] frame, int at) {
    return ByteBuffer.wrap(frame).getInt(at);
  }
}
