package braid.fabric;

import braid.port.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A pipe of bytes between two threads, over native memory: one puts, one takes, nobody waits.
///
/// **Theory of operation.** Two counters that only grow: bytes published, bytes consumed; their low
/// bits are places in the memory. The putting thread writes behind `published` without being seen
/// and then publishes all at once (release); the taking thread reads `published` (acquire) and so
/// sees the bytes. The way back is the same: `consumed` is released after the last read, so a place
/// is overwritten only after it was read. Each side keeps the last value it saw of the other's
/// counter and asks again only when that is not enough: the counters' cache lines cross between
/// processors seldom.
///
/// **Thread**: the methods under "putting" belong to one thread, those under "taking" to one.
/// **Ownership**: the memory is the caller's and outlives the ring.
public final class ByteRing {
  private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);

  // Places in the array of counters, 128 bytes from each other and from what lies around the array,
  // since processors fetch pairs of 64-byte lines: two that both sides look at, then the putting
  // thread's own, then the taking thread's.
  private static final int PUBLISHED = 16;
  private static final int CONSUMED = 32;
  private static final int WRITTEN = 48;
  private static final int CONSUMED_SEEN = 49;
  private static final int READ = 64;
  private static final int COUNTERS = 80;

  private final long base;
  private final int size;
  private final int mask;
  private final long[] counters = new long[COUNTERS];

  /// An empty ring.
  ///
  /// @param memory native, its size a power of two up to 1 GiB
  public ByteRing(MemorySegment memory) {
    long bytes = memory.byteSize();
    if (!memory.isNative() || bytes > 1 << 30 || Long.bitCount(bytes) != 1) {
      throw new IllegalArgumentException("ring over " + memory + ": wanted native, a power of two");
    }
    base = memory.address();
    size = (int) bytes;
    mask = size - 1;
  }

  /// Bytes it can hold.
  public int size() {
    return size;
  }

  // Putting

  /// Bytes that can be put now.
  public int free() {
    int free = size - (int) (counters[WRITTEN] - counters[CONSUMED_SEEN]);
    if (free < size >> 1) {
      counters[CONSUMED_SEEN] = (long) LONG.getAcquire(counters, CONSUMED);
      free = size - (int) (counters[WRITTEN] - counters[CONSUMED_SEEN]);
    }
    return free;
  }

  /// Bytes put and not yet taken; for the putting thread.
  public int unread() {
    return (int) (counters[WRITTEN] - (long) LONG.getAcquire(counters, CONSUMED));
  }

  /// Bytes taken since the beginning; for the putting thread, to see progress.
  public long taken() {
    return (long) LONG.getAcquire(counters, CONSUMED);
  }

  /// Puts bytes from native memory; there is room for them.
  public void put(long address, int bytes) {
    long written = counters[WRITTEN];
    assert bytes <= size - (written - counters[CONSUMED_SEEN]) : "ring overrun";
    int at = (int) written & mask;
    int first = Math.min(bytes, size - at);
    Memory.copy(address, base + at, first);
    if (first < bytes) {
      Memory.copy(address + first, base, bytes - first);
    }
    counters[WRITTEN] = written + bytes;
  }

  /// Where putting stands, to go back there by [#reset] if what follows cannot be finished.
  long mark() {
    return counters[WRITTEN];
  }

  /// Forgets what was put since [#mark]; nothing of it was published.
  void reset(long mark) {
    assert mark >= counters[PUBLISHED] : "published already";
    counters[WRITTEN] = mark;
  }

  /// Where the next byte goes, for a writer that fills the memory itself: [#contiguousFree] bytes
  /// from here; then [#advance].
  public long putAddress() {
    return base + ((int) counters[WRITTEN] & mask);
  }

  /// Bytes that can be put in one piece at [#putAddress].
  public int contiguousFree() {
    return Math.min(free(), size - ((int) counters[WRITTEN] & mask));
  }

  /// Says that bytes were written at [#putAddress].
  public void advance(int bytes) {
    counters[WRITTEN] += bytes;
  }

  /// Shows everything put so far to the taking thread.
  ///
  /// @return false when there was nothing new
  public boolean publish() {
    long written = counters[WRITTEN];
    if (written == counters[PUBLISHED]) { // nobody else writes it
      return false;
    }
    LONG.setRelease(counters, PUBLISHED, written);
    return true;
  }

  // Taking

  /// Bytes that can be taken now.
  public int readable() {
    return (int) ((long) LONG.getAcquire(counters, PUBLISHED) - counters[READ]);
  }

  /// The 32-bit little-endian number `offset` bytes from here; it was published.
  public int getInt(int offset) {
    int at = (int) (counters[READ] + offset) & mask;
    if (at <= size - Integer.BYTES) {
      return Memory.getInt(base + at);
    }
    int value = 0;
    for (int i = 0; i < Integer.BYTES; i++) {
      value |= (Memory.getByte(base + ((at + i) & mask)) & 0xff) << (8 * i);
    }
    return value;
  }

  /// The 64-bit little-endian number `offset` bytes from here; it was published.
  public long getLong(int offset) {
    return (getInt(offset) & 0xffff_ffffL) | (long) getInt(offset + Integer.BYTES) << 32;
  }

  /// Copies bytes that lie `offset` bytes from here to native memory, and leaves them; they were
  /// published.
  public void copy(int offset, long to, int bytes) {
    int at = (int) (counters[READ] + offset) & mask;
    int first = Math.min(bytes, size - at);
    Memory.copy(base + at, to, first);
    if (first < bytes) {
      Memory.copy(base, to + first, bytes - first);
    }
  }

  /// Where the next byte lies, for a reader that takes from the memory itself:
  /// [#contiguousReadable] bytes from here; then [#consume].
  public long takeAddress() {
    return base + ((int) counters[READ] & mask);
  }

  /// Bytes that can be taken in one piece at [#takeAddress].
  public int contiguousReadable() {
    return Math.min(readable(), size - ((int) counters[READ] & mask));
  }

  /// Gives the place of `bytes` bytes back to the putting thread.
  public void consume(int bytes) {
    long read = counters[READ] + bytes;
    counters[READ] = read;
    LONG.setRelease(counters, CONSUMED, read);
  }

  @Override
  public String toString() {
    return "ByteRing[" + size + " bytes]";
  }
}
