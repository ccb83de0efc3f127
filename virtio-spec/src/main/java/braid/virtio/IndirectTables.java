package braid.virtio;

import java.lang.foreign.MemorySegment;

/// Memory for indirect descriptor tables (VIRTIO 2.7.5.3), one table per head, used by
/// [DriverQueue].
///
/// @param memory  queue size * `entries` * 16 bytes, 16-byte aligned
/// @param address where the device sees the first byte of it
/// @param entries descriptors per table, 2 to the queue size
public record IndirectTables(MemorySegment memory, long address, int entries) {
  /// Checks nothing but the alignment and that there is a table at all; [DriverQueue] checks it
  /// against its size.
  public IndirectTables {
    if (entries < 2 || memory.address() % SplitRing.DESC_ALIGN != 0) {
      throw new IllegalArgumentException(entries + " entries in " + memory);
    }
  }

  /// Bytes of memory for `heads` tables of `entries` descriptors.
  public static long bytes(int heads, int entries) {
    return (long) heads * entries * SplitRing.DESC_BYTES;
  }
}
