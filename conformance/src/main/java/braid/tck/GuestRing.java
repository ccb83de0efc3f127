package braid.tck;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// A split virtqueue as its driver sees it, without opinions (VIRTIO 2.7): whatever a case wants to
/// write into the descriptor table or the available ring, it can.
///
/// One thread.
final class GuestRing {
  static final int SIZE = 256;
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  /// Offsets from the start of the ring.
  static final int DESC = 0;

  static final int AVAIL = 0x1000;
  static final int USED = 0x2000;
  static final int BYTES = 0x4000;

  private static final VarHandle U16 = ValueLayout.JAVA_SHORT.varHandle();

  private final MemorySegment memory;
  private int availIndex;
  private int usedIndex;

  /// @param memory [#BYTES] of guest memory, page aligned
  GuestRing(MemorySegment memory) {
    this.memory = memory;
  }

  /// Writes descriptor `i`.
  void desc(int i, long address, long length, int flags, int next) {
    desc(memory, DESC + 16L * i, address, length, flags, next);
  }

  /// Writes a descriptor anywhere: indirect tables.
  static void desc(MemorySegment table, long at, long address, long length, int flags, int next) {
    table.set(ValueLayout.JAVA_LONG_UNALIGNED, at, address);
    table.set(ValueLayout.JAVA_INT_UNALIGNED, at + 8, (int) length);
    table.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 12, (short) flags);
    table.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 14, (short) next);
  }

  /// Offers a chain; seen by the device after [#publish].
  void offer(int head) {
    memory.set(ValueLayout.JAVA_SHORT, AVAIL + 4 + 2L * (availIndex & (SIZE - 1)), (short) head);
    availIndex = (availIndex + 1) & 0xffff;
  }

  /// Shows what was offered.
  void publish() {
    U16.setRelease(memory, AVAIL + 2L, (short) availIndex);
    VarHandle.fullFence();
  }

  /// Moves the available index by any number and shows it.
  void jump(int by) {
    availIndex = (availIndex + by) & 0xffff;
    publish();
  }

  /// Chains that came back and were not taken yet.
  int returned() {
    return ((short) U16.getAcquire(memory, USED + 2L) - usedIndex) & 0xffff;
  }

  /// Takes one chain that came back.
  ///
  /// @return head in the low 32 bits, bytes written in the high
  long take() {
    long at = USED + 4 + 8L * (usedIndex & (SIZE - 1));
    long id = memory.get(ValueLayout.JAVA_INT, at) & 0xffff_ffffL;
    long written = memory.get(ValueLayout.JAVA_INT, at + 4);
    usedIndex = (usedIndex + 1) & 0xffff;
    return id | written << 32;
  }
}
