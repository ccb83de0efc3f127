package braid.ssi;

import braid.port.Frame;
import braid.port.FramePool;
import braid.port.FrameSource;
import org.jspecify.annotations.Nullable;

/// One member's own few frames for probes, on memory lent by the common pool.
///
/// A device that hangs keeps what it was given. With frames of its own a hanging member can keep
/// these few and no more: probing it stops by itself, the other members are probed on, and when the
/// device lives again and gives them back probing goes on.
final class ProbeFrames implements FrameSource {
  private final Frame[] lent;
  private final Frame[] free;
  private int freeCount;
  private boolean closed;

  /// Borrows `count` frames from `pool` until [#close].
  ///
  /// @throws IllegalArgumentException when the pool has not as many left
  ProbeFrames(FramePool pool, int count) {
    if (pool.available() < count) {
      throw new IllegalArgumentException(
          "the control pool has "
              + pool.available()
              + " frames left, a member needs "
              + count
              + ": make it larger");
    }
    lent = new Frame[count];
    free = new Frame[count];
    for (int i = 0; i < count; i++) {
      Frame frame = pool.take();
      if (frame == null) {
        throw new AssertionError("a pool with " + count + " frames gave " + i);
      }
      lent[i] = frame;
      int capacity = frame.headCapacity() + Frame.HEADER_BYTES;
      free[i] = new Frame(this, frame.base(), capacity, 0);
    }
    freeCount = count;
  }

  @Nullable Frame take() {
    return freeCount == 0 ? null : free[--freeCount].open(0);
  }

  @Override
  public void reclaim(Frame frame) {
    free[freeCount++] = frame;
    returnWhenAllAreBack();
  }

  /// Gives the memory back as soon as no device holds any of it.
  void close() {
    closed = true;
    returnWhenAllAreBack();
  }

  private void returnWhenAllAreBack() {
    if (closed && freeCount == lent.length) {
      closed = false;
      freeCount = 0;
      for (Frame frame : lent) {
        frame.release();
      }
    }
  }
}
