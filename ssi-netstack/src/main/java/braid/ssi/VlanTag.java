package braid.ssi;

import braid.port.Frame;
import braid.port.Memory;

/// An 802.1Q tag put into the head of a frame, or taken out of it.
///
/// The head begins at a fixed place, so what lies behind the two addresses is moved by four bytes:
/// at most 128 bytes of a guest's frame, but the whole of a frame that a TAP read. Only own memory
/// is moved, pieces stay where they are.
///
/// The virtio_net_hdr counts from the first byte of the frame, so `csum_start`, and of a GSO frame
/// `hdr_len`, move along. The sum itself does not change: the tag lies before it.
final class VlanTag {
  /// What became of the frame.
  enum Edit {
    /// It is as wanted.
    DONE,
    /// Unchanged: the head has no room for four bytes more.
    NO_ROOM,
    /// Unchanged: `csum_start` points into the addresses or the tag, or nowhere.
    BAD_HEADER
  }

  /// Where a tag is: behind the addresses.
  private static final int AT = 12;

  private static final int NEEDS_CSUM = 1;
  private static final int FLAGS = 0;
  private static final int GSO_TYPE = 1;
  private static final int HDR_LEN = 2;
  private static final int CSUM_START = 6;
  private static final int U16_MAX = 0xffff;

  private VlanTag() {}

  /// Puts a tag in.
  ///
  /// @param frame at least an Ethernet header in its head
  /// @param tci   priority and VLAN identifier, 16 bits
  static Edit insert(Frame frame, int tci) {
    int length = frame.headLength();
    if (length + Wire.TAG_BYTES > frame.headCapacity()) {
      return Edit.NO_ROOM;
    }
    if (!moveHeader(frame, Wire.TAG_BYTES, Wire.ETHERNET_BYTES)) {
      return Edit.BAD_HEADER;
    }
    long at = frame.head() + AT;
    Memory.copy(at, at + Wire.TAG_BYTES, length - AT);
    frame.headLength(length + Wire.TAG_BYTES);
    Wire.put16(frame, AT, Wire.TYPE_VLAN);
    Wire.put16(frame, AT + 2, tci);
    return Edit.DONE;
  }

  /// Takes the tag out.
  ///
  /// @param frame with a tag and the EtherType behind it in its head
  static Edit strip(Frame frame) {
    int length = frame.headLength();
    if (!moveHeader(frame, -Wire.TAG_BYTES, Wire.ETHERNET_BYTES + Wire.TAG_BYTES)) {
      return Edit.BAD_HEADER;
    }
    long at = frame.head() + AT;
    Memory.copy(at + Wire.TAG_BYTES, at, length - AT - Wire.TAG_BYTES);
    frame.headLength(length - Wire.TAG_BYTES);
    return Edit.DONE;
  }

  /// Moves what counts from the first byte of the frame.
  ///
  /// @param least where a checksum can begin before the move
  private static boolean moveHeader(Frame frame, int by, int least) {
    long at = frame.base();
    int gso = Memory.getByte(at + GSO_TYPE);
    if ((Memory.getByte(at + FLAGS) & NEEDS_CSUM) != 0) {
      int start = Memory.getShort(at + CSUM_START) & U16_MAX;
      if (start < least || start + by > U16_MAX) {
        return false;
      }
      Memory.putShort(at + CSUM_START, (short) (start + by));
    }
    if (gso != 0) {
      // Only a hint; 0 is "not said".
      int headers = Memory.getShort(at + HDR_LEN) & U16_MAX;
      if (headers >= least) {
        Memory.putShort(at + HDR_LEN, (short) Math.min(U16_MAX, headers + by));
      }
    }
    return true;
  }
}
