package braid.port;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Native memory by address: the one place that reads and writes without bounds.
///
/// Whoever holds an address has had it checked: a guest's addresses are checked against its memory
/// table when a descriptor chain is taken, once, and only the checked native address travels in a
/// [Frame]. An io_uring operation needs the same address, so frames carry addresses rather than
/// segments. Numbers are little-endian, as VIRTIO and this machine are.
public final class Memory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Memory() {}

  /// The byte at `address`.
  public static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  /// The 16-bit number at `address`, little-endian, any alignment.
  public static short getShort(long address) {
    return ALL.get(SHORT, address);
  }

  /// The 32-bit number at `address`, little-endian, any alignment.
  public static int getInt(long address) {
    return ALL.get(INT, address);
  }

  /// The 64-bit number at `address`, little-endian, any alignment.
  public static long getLong(long address) {
    return ALL.get(LONG, address);
  }

  /// Writes one byte.
  public static void putByte(long address, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, value);
  }

  /// Writes 16 bits, little-endian, any alignment.
  public static void putShort(long address, short value) {
    ALL.set(SHORT, address, value);
  }

  /// Writes 32 bits, little-endian, any alignment.
  public static void putInt(long address, int value) {
    ALL.set(INT, address, value);
  }

  /// Writes 64 bits, little-endian, any alignment.
  public static void putLong(long address, long value) {
    ALL.set(LONG, address, value);
  }

  /// Copies `bytes` from one native address to another; the areas do not overlap.
  public static void copy(long from, long to, int bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  /// Copies native memory into an array.
  public static void read(long from, byte[] into, int at, int bytes) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, from, into, at, bytes);
  }

  /// Copies from an array into native memory.
  public static void write(byte[] from, int at, long to, int bytes) {
    MemorySegment.copy(from, at, ALL, ValueLayout.JAVA_BYTE, to, bytes);
  }
}
