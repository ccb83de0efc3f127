package braid.host;

import braid.virtio.Limits;
import braid.virtio.ProtocolException;
import braid.virtio.SplitRing;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Where the three parts of a ring lie, as SET_VRING_NUM and SET_VRING_ADDR said: user addresses,
/// or I/O virtual ones when ACCESS_PLATFORM was negotiated.
///
/// @param size       entries
/// @param descriptor address of the descriptor table
/// @param available  address of the available ring
/// @param used       address of the used ring
record RingPlace(int size, long descriptor, long available, long used) {
  RingPlace {
    assert SplitRing.validSize(size) && size <= Limits.QUEUE_SIZE_MAX : size;
  }

  /// The ring as native memory.
  ///
  /// @param iotlb null when addresses are user addresses
  /// @return null when the IOTLB does not know all of it yet: [Iotlb#missAddress] is wanted
  /// @throws ProtocolException when a part is outside memory, unaligned, or not in one piece
  @Nullable SplitRing resolve(GuestMemory memory, @Nullable Iotlb iotlb) throws ProtocolException {
    // One after the other: the miss that is asked for is the first one.
    MemorySegment descriptors =
        part(memory, iotlb, descriptor, SplitRing.descBytes(size), SplitRing.DESC_ALIGN, false);
    if (descriptors == null) {
      return null;
    }
    MemorySegment availables =
        part(memory, iotlb, available, SplitRing.availBytes(size), SplitRing.AVAIL_ALIGN, false);
    if (availables == null) {
      return null;
    }
    MemorySegment useds =
        part(memory, iotlb, used, SplitRing.usedBytes(size), SplitRing.USED_ALIGN, true);
    if (useds == null) {
      return null;
    }
    return new SplitRing(size, descriptors, availables, useds);
  }

  private static @Nullable MemorySegment part(
      GuestMemory memory, @Nullable Iotlb iotlb, long address, long bytes, int align, boolean write)
      throws ProtocolException {
    long at =
        iotlb == null
            ? memory.nativeOfUser(address, bytes)
            : iotlb.nativeOf(address, (int) bytes, write);
    if (iotlb != null && at == 0) {
      return null;
    }
    if (at == 0 || at == -1) {
      throw new ProtocolException(
          "VHOST_USER_SET_VRING_ADDR",
          bytes
              + " bytes of ring at "
              + Long.toHexString(address)
              + (at == 0 ? " are not in the memory table" : " are not in one piece of memory"));
    }
    if (at % align != 0) {
      throw new ProtocolException(
          "VIRTIO 2.7",
          "ring part at " + Long.toHexString(address) + " is not " + align + "-byte aligned");
    }
    // The part is checked and the session unmaps it only after the queue is gone, so a segment
    // without a lifetime of its own will do, and costs no check at each access.
    return MemorySegment.ofAddress(at).reinterpret(bytes);
  }

  /// Some of the ring lies in this range of addresses.
  boolean overlaps(long first, long last) {
    return overlaps(descriptor, SplitRing.descBytes(size), first, last)
        || overlaps(available, SplitRing.availBytes(size), first, last)
        || overlaps(used, SplitRing.usedBytes(size), first, last);
  }

  private static boolean overlaps(long at, long bytes, long first, long last) {
    return Long.compareUnsigned(at, last) <= 0 && Long.compareUnsigned(first, at + bytes - 1) <= 0;
  }
}
