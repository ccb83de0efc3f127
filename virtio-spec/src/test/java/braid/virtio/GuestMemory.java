package braid.virtio;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A guest's memory for tests: one native area that the guest sees from [#BASE] on, with borders
/// and holes where a test wants them.
final class GuestMemory implements AddressSpace {
  static final long BASE = 0x4000_0000L;

  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  final MemorySegment memory;

  /// A piece ends at every multiple of this.
  long border = Long.MAX_VALUE;

  /// Unknown addresses: from, to (exclusive).
  long missFrom;

  long missTo;

  GuestMemory(Arena arena, long bytes) {
    memory = arena.allocate(bytes, 4096);
  }

  @Override
  public int translate(long address, int length, boolean write, Chain into) {
    long offset = address - BASE;
    if (offset < 0 || offset > memory.byteSize() - length) {
      return FAULT;
    }
    if (address < missTo && address + length > missFrom) {
      return into.miss(Math.max(address, missFrom));
    }
    long end = offset + length;
    while (offset < end) {
      long stop = border == Long.MAX_VALUE ? end : Math.min(end, (offset / border + 1) * border);
      into.append(memory.address() + offset, (int) (stop - offset));
      offset = stop;
    }
    return OK;
  }

  /// Where a guest's address is in this process.
  long nativeOf(long address) {
    return memory.address() + address - BASE;
  }

  void u64(long address, long value) {
    memory.set(U64, address - BASE, value);
  }

  long u64(long address) {
    return memory.get(U64, address - BASE);
  }

  void u32(long address, int value) {
    memory.set(U32, address - BASE, value);
  }

  void u16(long address, int value) {
    memory.set(U16, address - BASE, (short) value);
  }

  int u16(long address) {
    return memory.get(U16, address - BASE) & 0xffff;
  }

  /// Writes one descriptor into the table at `table`.
  void descriptor(long table, int index, long address, long length, int flags, int next) {
    long at = table + 16L * index;
    u64(at, address);
    u32(at + 8, (int) length);
    u16(at + 12, flags);
    u16(at + 14, next);
  }

  /// Native bytes of a piece, for tests that follow a chain.
  static MemorySegment at(long nativeAddress, int length) {
    return MemorySegment.ofAddress(nativeAddress).reinterpret(length);
  }
}
