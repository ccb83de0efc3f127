package braid.cli;

import braid.port.FramePool;
import java.lang.foreign.MemorySegment;

/// Frames of our own making (continuity messages, probes, announcements) and the memory they lie
/// in.
///
/// @param pool   to take them from; the worker
/// @param memory to be retired when the pool's user is gone
record ControlFrames(FramePool pool, MemorySegment memory) {
  private static final int BYTES = 192;

  /// So many frames.
  static ControlFrames of(int count) {
    MemorySegment memory = Engine.memory(FramePool.bytesFor(count, BYTES));
    return new ControlFrames(new FramePool(memory, BYTES, 0), memory);
  }

  /// Nobody needs them any more; control thread.
  void retire(Engine engine) {
    engine.retire(memory, pool::balanced);
  }
}
