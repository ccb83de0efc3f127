package braid.virtio;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The memory of a split virtqueue: three parts, each a segment of its own, so that no index leaves
/// its part.
///
/// ```
///  descriptor table, aligned 16   available ring, aligned 2         used ring, aligned 4
///  written by the driver          written by the driver             written by the device
///  n x { 0 addr  u64              0 flags u16 (1 = no interrupt)    0 flags u16 (1 = no kick)
///        8 len   u32              2 idx   u16                       2 idx   u16
///       12 flags u16              4 ring  u16 x n                   4 ring  {u32 id, u32 len} x n
///       14 next  u16 }            4+2n used_event u16               4+8n avail_event u16
/// ```
/// Little-endian (VIRTIO 2.7). The event indices are there with or without EVENT_IDX: the
/// specification counts them into the sizes of the parts.
///
/// @param size  entries, a power of two, 1 to [Limits#QUEUE_SIZE_MAX]
/// @param desc  descriptor table
/// @param avail available ring
/// @param used  used ring
public record SplitRing(int size, MemorySegment desc, MemorySegment avail, MemorySegment used) {
  /// Descriptor flag: the chain goes on at `next`.
  public static final int DESC_NEXT = 1;

  /// Descriptor flag: the device writes, it does not read.
  public static final int DESC_WRITE = 2;

  /// Descriptor flag: the buffer is a table of descriptors.
  public static final int DESC_INDIRECT = 4;

  /// Flag of the available ring: the driver wants no interrupts (2.7.7); of the used ring: the
  /// device wants no notifications (2.7.10). Advice only, and unused with EVENT_IDX.
  public static final int NO_NOTIFICATION = 1;

  /// Bytes of a descriptor.
  public static final int DESC_BYTES = 16;

  /// Bytes of an entry of the used ring.
  public static final int USED_BYTES = 8;

  /// Offset of the flags in the available and the used ring.
  public static final int FLAGS = 0;

  /// Offset of the index in the available and the used ring.
  public static final int IDX = 2;

  /// Offset of the first entry in the available and the used ring.
  public static final int RING = 4;

  /// Alignment of the descriptor table (2.7).
  public static final int DESC_ALIGN = 16;

  /// Alignment of the available ring (2.7).
  public static final int AVAIL_ALIGN = 2;

  /// Alignment of the used ring (2.7).
  public static final int USED_ALIGN = 4;

  static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// For the used ring's entries: 8 bytes on a 4-byte border.
  static final ValueLayout.OfLong U64_UNALIGNED =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle SHORT = U16.varHandle().withInvokeExactBehavior();

  /// Checks sizes and alignments, so that no access to the ring can fail later.
  public SplitRing {
    if (!validSize(size)) {
      throw new IllegalArgumentException("queue size " + size + " is no power of two to 32768");
    }
    require(desc, "descriptor table", descBytes(size), DESC_ALIGN);
    require(avail, "available ring", availBytes(size), AVAIL_ALIGN);
    require(used, "used ring", usedBytes(size), USED_ALIGN);
  }

  private static void require(MemorySegment part, String name, long bytes, int align) {
    if (part.byteSize() < bytes || part.address() % align != 0) {
      throw new IllegalArgumentException(
          name + ": " + part + ", wanted " + bytes + " bytes at a multiple of " + align);
    }
  }

  /// A ring in one area: descriptor table, available ring, used ring, each at its alignment.
  ///
  /// @param memory 16-byte aligned, at least [#bytes] long
  public static SplitRing of(int size, MemorySegment memory) {
    return new SplitRing(
        size,
        memory.asSlice(0, descBytes(size)),
        memory.asSlice(availOffset(size), availBytes(size)),
        memory.asSlice(usedOffset(size), usedBytes(size)));
  }

  /// The split ring can have that size: a power of two, 1 to 32768 (2.7).
  public static boolean validSize(int size) {
    return size > 0 && size <= Limits.QUEUE_SIZE_MAX && (size & (size - 1)) == 0;
  }

  /// Bytes of the descriptor table (2.7).
  public static long descBytes(int size) {
    return (long) DESC_BYTES * size;
  }

  /// Bytes of the available ring (2.7).
  public static long availBytes(int size) {
    return 6 + 2L * size;
  }

  /// Bytes of the used ring (2.7).
  public static long usedBytes(int size) {
    return 6 + (long) USED_BYTES * size;
  }

  /// Where [#of] puts the available ring.
  public static long availOffset(int size) {
    return descBytes(size);
  }

  /// Where [#of] puts the used ring.
  public static long usedOffset(int size) {
    return (availOffset(size) + availBytes(size) + USED_ALIGN - 1) & -USED_ALIGN;
  }

  /// How much memory [#of] needs.
  public static long bytes(int size) {
    return usedOffset(size) + usedBytes(size);
  }

  /// Offset of used_event in the available ring (2.7.7).
  static int usedEventOffset(int size) {
    return RING + 2 * size;
  }

  /// Offset of avail_event in the used ring (2.7.10).
  static int availEventOffset(int size) {
    return RING + USED_BYTES * size;
  }

  /// Reads a 16-bit field the peer writes; what the peer wrote before it is visible afterwards.
  static int u16Acquire(MemorySegment part, long offset) {
    return (short) SHORT.getAcquire(part, offset) & 0xffff;
  }

  /// Reads a 16-bit field the peer writes, once, in no order with other memory.
  static int u16Opaque(MemorySegment part, long offset) {
    return (short) SHORT.getOpaque(part, offset) & 0xffff;
  }

  /// Writes a 16-bit field the peer reads; what was written before is visible to who reads it.
  static void u16Release(MemorySegment part, long offset, int value) {
    SHORT.setRelease(part, offset, (short) value);
  }

  /// The rule of EVENT_IDX for both directions (2.7.7.2, 2.7.10.1): the peer wants to hear when the
  /// index passes `event`.
  ///
  /// @param event  what the peer asked for
  /// @param index  our index now
  /// @param before our index when we decided last
  static boolean passed(int event, int index, int before) {
    return ((index - event - 1) & 0xffff) < ((index - before) & 0xffff);
  }
}
