package braid.fabric;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/// Memory for the rings of connections, used again: a flapping connection must not cost a page
/// fault per page each time. Any thread.
final class RingMemory implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final int ringBytes;
  private final Deque<MemorySegment> free = new ArrayDeque<>();
  private int out;
  private boolean closed;

  /// @param ringBytes of each ring
  RingMemory(int ringBytes) {
    this.ringBytes = ringBytes;
  }

  /// Memory for one ring.
  synchronized MemorySegment take() {
    out++;
    MemorySegment used = free.poll();
    return used == null ? arena.allocate(ringBytes, 4096) : used;
  }

  /// Gives it back: nobody uses it any more.
  synchronized void give(MemorySegment ring) {
    out--;
    free.push(ring);
    freeIfUnused();
  }

  /// Frees the memory as soon as all of it is back.
  @Override
  public synchronized void close() {
    closed = true;
    freeIfUnused();
  }

  private void freeIfUnused() {
    if (closed && out == 0 && arena.scope().isAlive()) {
      arena.close();
    }
  }
}
