package braid.virtio;

import static braid.virtio.SplitRing.DESC_BYTES;
import static braid.virtio.SplitRing.DESC_INDIRECT;
import static braid.virtio.SplitRing.DESC_NEXT;
import static braid.virtio.SplitRing.DESC_WRITE;
import static braid.virtio.SplitRing.U64;
import static braid.virtio.SplitRing.U64_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Follows one descriptor chain and turns it into checked native memory. The part of [DeviceQueue]
/// that reads the descriptor table.
///
/// **Theory of operation.** A descriptor is two 64-bit words: address, and length | flags | next.
/// Each is read exactly once into a local; all checks and all use are of the local, so a driver
/// that changes the table meanwhile only chooses which of two chains it is taken for. A chain has
/// at most "queue size" descriptors (2.7.5.3.1), which bounds every loop here. An indirect table
/// that lies in one piece of native memory is read in place; one that crosses a border of the
/// address space is first copied to own memory.
final class DescriptorWalk {
  /// Native memory by address; only addresses that an [AddressSpace] gave are used with it.
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private final int size;
  private final MemorySegment desc;
  private final boolean indirectAllowed;
  private final AddressSpace memory;

  /// Where an indirect table lies; its pieces are never seen outside.
  private final Chain table;

  /// Own memory for a table that lies in several pieces.
  private final MemorySegment copy;

  private boolean writable;
  private RingFault fault = RingFault.NONE;
  private long missAddress;
  private boolean missWrite;

  DescriptorWalk(SplitRing ring, boolean indirect, AddressSpace memory) {
    this.size = ring.size();
    this.desc = ring.desc();
    this.indirectAllowed = indirect;
    this.memory = memory;
    this.table = new Chain(indirect ? size + 2 : 1);
    this.copy = MemorySegment.ofArray(new long[indirect ? size * 2 : 0]);
  }

  RingFault fault() {
    return fault;
  }

  long missAddress() {
    return missAddress;
  }

  boolean missWrite() {
    return missWrite;
  }

  /// Reads the chain that starts at `head`, which is less than the queue size.
  ///
  /// @return [DeviceQueue#TAKEN], [DeviceQueue#MISS] or [DeviceQueue#BROKEN]
  int read(int head, Chain into) {
    into.open(head);
    writable = false;
    int at = head;
    for (int left = size; left > 0; left--) {
      long address = desc.get(U64, (long) at * DESC_BYTES);
      long rest = desc.get(U64, (long) at * DESC_BYTES + 8);
      int flags = (int) (rest >>> 32) & 0xffff;
      if ((flags & DESC_INDIRECT) != 0) {
        return indirect(address, rest, flags, left, into);
      }
      int result = add(address, rest, flags, into);
      if (result != DeviceQueue.TAKEN) {
        return result;
      }
      if ((flags & DESC_NEXT) == 0) {
        return end(into);
      }
      at = (int) (rest >>> 48);
      if (at >= size) {
        return broken(RingFault.NEXT_OUT_OF_RANGE);
      }
    }
    // As many descriptors as the table has, and still a next: one came twice.
    return broken(RingFault.DESCRIPTOR_LOOP);
  }

  /// Looks where the first piece of a chain lies that the device is to write, before it is read for
  /// good: whatever the driver makes of the table meanwhile, this piece is memory of its own.
  ///
  /// @param bytes that the piece must have at least
  /// @return its native address; 0 when it is shorter, not for writing, or not known
  long firstWritable(int head, int bytes) {
    long address = desc.get(U64, (long) head * DESC_BYTES);
    long rest = desc.get(U64, (long) head * DESC_BYTES + 8);
    int flags = (int) (rest >>> 32) & 0xffff;
    boolean plain = (flags & (DESC_INDIRECT | DESC_WRITE)) == DESC_WRITE;
    if (!plain || (rest & 0xffff_ffffL) < bytes) {
      return 0;
    }
    table.open(head);
    int result = memory.translate(address, bytes, true, table);
    return result == AddressSpace.OK && table.length(0) == bytes ? table.address(0) : 0;
  }

  private int end(Chain into) {
    if (!writable) {
      into.allReadable();
    }
    return into.overflow() ? broken(RingFault.CHAIN_TOO_MANY_PIECES) : DeviceQueue.TAKEN;
  }

  private int add(long address, long rest, int flags, Chain into) {
    long length = rest & 0xffff_ffffL;
    boolean write = (flags & DESC_WRITE) != 0;
    if (length == 0) {
      return broken(RingFault.ZERO_LENGTH);
    }
    if (length > Limits.CHAIN_BYTES_MAX - into.readableBytes() - into.writableBytes()) {
      return broken(RingFault.CHAIN_TOO_MANY_BYTES);
    }
    if (Long.compareUnsigned(address + length, address) < 0) {
      return broken(RingFault.ADDRESS_WRAPS);
    }
    if (write != writable) {
      if (!write) {
        return broken(RingFault.READABLE_AFTER_WRITABLE);
      }
      writable = true;
      into.beginWritable();
    }
    int result = memory.translate(address, (int) length, write, into);
    if (result == AddressSpace.OK) {
      return DeviceQueue.TAKEN;
    }
    return untranslated(result, into, write, RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  private int untranslated(int result, Chain into, boolean write, RingFault outside) {
    if (result != AddressSpace.MISS) {
      return broken(outside);
    }
    missAddress = into.missAddress();
    missWrite = write;
    return DeviceQueue.MISS;
  }

  private int broken(RingFault why) {
    fault = why;
    return DeviceQueue.BROKEN;
  }

  /// A descriptor that refers to a table ends the chain of the main table (2.7.5.3.2: zero or more
  /// normal ones may come before it; its WRITE flag is ignored).
  private int indirect(long address, long rest, int flags, int left, Chain into) {
    if (!indirectAllowed) {
      return broken(RingFault.INDIRECT_NOT_NEGOTIATED);
    }
    if ((flags & DESC_NEXT) != 0) {
      return broken(RingFault.INDIRECT_WITH_NEXT);
    }
    long bytes = rest & 0xffff_ffffL;
    if (bytes == 0) {
      return broken(RingFault.INDIRECT_LENGTH_ZERO);
    }
    if (bytes % DESC_BYTES != 0) {
      return broken(RingFault.INDIRECT_LENGTH_NOT_MULTIPLE_OF_16);
    }
    if (bytes > SplitRing.descBytes(size)) {
      return broken(RingFault.INDIRECT_TOO_LONG);
    }
    if (Long.compareUnsigned(address + bytes, address) < 0) {
      return broken(RingFault.ADDRESS_WRAPS);
    }
    table.open(0);
    int result = memory.translate(address, (int) bytes, false, table);
    if (result != AddressSpace.OK) {
      return untranslated(result, table, false, RingFault.INDIRECT_OUTSIDE_MEMORY);
    }
    int entries = (int) bytes / DESC_BYTES;
    if (table.pieces() == 1) {
      return walkTable(ALL, table.address(0), entries, left, into);
    }
    if (table.overflow()) {
      return broken(RingFault.CHAIN_TOO_MANY_PIECES);
    }
    long to = 0;
    for (int i = 0; i < table.pieces(); i++) {
      MemorySegment.copy(ALL, table.address(i), copy, to, table.length(i));
      to += table.length(i);
    }
    return walkTable(copy, 0, entries, left, into);
  }

  /// @param left how many descriptors the chain may still have
  private int walkTable(MemorySegment from, long base, int entries, int left, Chain into) {
    int bound = Math.min(entries, left);
    int i = 0;
    for (int n = 0; n < bound; n++) {
      long address = from.get(U64_UNALIGNED, base + (long) i * DESC_BYTES);
      long rest = from.get(U64_UNALIGNED, base + (long) i * DESC_BYTES + 8);
      int flags = (int) (rest >>> 32) & 0xffff;
      if ((flags & DESC_INDIRECT) != 0) {
        return broken(RingFault.INDIRECT_INSIDE_INDIRECT);
      }
      int result = add(address, rest, flags, into);
      if (result != DeviceQueue.TAKEN) {
        return result;
      }
      if ((flags & DESC_NEXT) == 0) {
        return end(into);
      }
      i = (int) (rest >>> 48);
      if (i >= entries) {
        return broken(RingFault.INDIRECT_NEXT_OUT_OF_RANGE);
      }
    }
    return broken(entries <= left ? RingFault.INDIRECT_LOOP : RingFault.CHAIN_TOO_LONG);
  }
}
