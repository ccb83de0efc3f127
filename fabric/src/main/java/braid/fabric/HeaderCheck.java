package braid.fabric;

import braid.port.Memory;

/// Checks the virtio_net_hdr of a frame that another node sent, so that whoever gets the frame may
/// believe every field (VIRTIO 1.3, 5.1.6). The other node did the same with its guest's; this node
/// need not trust that.
final class HeaderCheck {
  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int ECN = 0x80;
  private static final int TCPV4 = 1;
  private static final int UDP = 3;
  private static final int TCPV6 = 4;
  private static final int UDP_L4 = 5;
  private static final int ETHER_HEADER = 14;
  private static final int TCP_HEADER = 20;
  private static final int UDP_HEADER = 8;

  private HeaderCheck() {}

  /// Checks the header and clears what has no meaning.
  ///
  /// @param at     native address of the header, in our own memory
  /// @param length of the frame
  /// @return false when it makes no sense: the frame is to be dropped
  static boolean clean(long at, int length) {
    int word = Memory.getInt(at);
    int flags = word & (NEEDS_CSUM | DATA_VALID);
    int gso = (word >>> 8) & 0xff;
    if ((flags | gso) == 0) {
      Memory.putLong(at, 0);
      Memory.putInt(at + 8, 1 << 16);
      return true;
    }
    int start = Memory.getShort(at + 6) & 0xffff;
    int offset = Memory.getShort(at + 8) & 0xffff;
    if ((flags & NEEDS_CSUM) != 0 && (start < ETHER_HEADER || start + offset + 2 > length)) {
      return false;
    }
    int headers = word >>> 16;
    if (gso != 0) {
      int size = Memory.getShort(at + 4) & 0xffff;
      if ((flags & NEEDS_CSUM) == 0 || size == 0 || !segmentable(gso, length - start)) {
        return false;
      }
      headers = Math.min(headers, length);
    }
    Memory.putInt(at, flags | gso << 8 | headers << 16);
    Memory.putShort(at + 10, (short) 1);
    return true;
  }

  private static boolean segmentable(int gso, int transportBytes) {
    return switch (gso & ~ECN) {
      case TCPV4, TCPV6 -> transportBytes >= TCP_HEADER;
      case UDP, UDP_L4 -> (gso & ECN) == 0 && transportBytes >= UDP_HEADER;
      default -> false;
    };
  }
}
