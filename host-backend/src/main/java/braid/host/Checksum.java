package braid.host;

import braid.port.Frame;
import braid.port.Memory;

/// The Internet checksum (RFC 1071) over native memory.
///
/// Sums are kept in the machine's little-endian order: the one's complement sum does not care,
/// as long as the result is stored in the order it was read.
final class Checksum {
  private Checksum() {}

  /// The sum of `bytes` bytes at `address`, not folded, not complemented; at most 64 KiB at a time.
  static long sum(long address, int bytes) {
    long sum = 0;
    int at = 0;
    for (; at + 8 <= bytes; at += 8) {
      long word = Memory.getLong(address + at);
      sum += (word & 0xffff_ffffL) + (word >>> 32);
    }
    for (; at + 2 <= bytes; at += 2) {
      sum += Memory.getShort(address + at) & 0xffff;
    }
    if (at < bytes) {
      sum += Memory.getByte(address + at) & 0xff;
    }
    return sum;
  }

  /// Folds a sum to 16 bits.
  static int fold(long sum) {
    long folded = (sum & 0xffff_ffffL) + (sum >>> 32);
    folded = (folded & 0xffff) + (folded >>> 16);
    folded = (folded & 0xffff) + (folded >>> 16);
    folded = (folded & 0xffff) + (folded >>> 16);
    return (int) folded;
  }

  /// What goes into the packet for `sum`: its complement, and all ones in place of zero, which
  /// UDP reserves for "no checksum" and which is as good for TCP.
  static short finish(long sum) {
    int complement = ~fold(sum) & 0xffff;
    return (short) (complement == 0 ? 0xffff : complement);
  }

  /// Finishes the checksum that the sender left to the device (VIRTIO 1.3, 5.1.6.2): the field
  /// holds the sum of the pseudo-header; everything from `start` to the end is added.
  ///
  /// @param start  offset of the first byte that counts, from the Ethernet header
  /// @param offset offset of the field from `start`
  /// @return false, and nothing changed, when the field does not lie in the frame's own head
  static boolean complete(Frame frame, int start, int offset) {
    int field = start + offset;
    if (field + 2 > frame.headLength()) {
      return false;
    }
    long sum = sum(frame.head() + start, frame.headLength() - start);
    boolean odd = ((frame.headLength() - start) & 1) != 0;
    for (int i = 0; i < frame.pieces(); i++) {
      int length = frame.pieceLength(i);
      int part = fold(sum(frame.pieceAddress(i), length));
      sum += odd ? Short.reverseBytes((short) part) & 0xffff : part;
      odd ^= (length & 1) != 0;
    }
    Memory.putShort(frame.head() + field, finish(sum));
    return true;
  }
}
