package braid.ssi;

import braid.port.Frame;
import braid.port.FramePool;
import braid.port.FrameSource;
import org.jspecify.annotations.Nullable;

/// Copies of frames that go out on several members at once.
///
/// A copy has a head of its own and shares the rest with the original, which is kept until the last
/// copy has come back: so 64 KiB to three members cost three heads, and each port holds a frame
/// that is its own.
final class Copies {
  private final Copy[] free;
  private final Original[] freeOriginals;
  private final Copy[] all;
  private final int headMax;
  private int freeCount;
  private int freeOriginalCount;
  private boolean closed;

  /// Borrows `count` frames from `pool` until [#close].
  ///
  /// @throws IllegalArgumentException when the pool has not as many left
  Copies(FramePool pool, int count) {
    if (pool.available() < count) {
      throw new IllegalArgumentException(
          "the control pool has "
              + pool.available()
              + " frames left, mode broadcast needs "
              + count
              + ": make it larger");
    }
    all = new Copy[count];
    for (int i = 0; i < count; i++) {
      Frame lent = pool.take();
      if (lent == null) {
        throw new AssertionError("a pool with " + count + " frames gave " + i);
      }
      all[i] = new Copy(lent);
    }
    free = all.clone();
    headMax = Math.min(Frame.HEAD_BYTES, all[0].frame.headCapacity());
    freeCount = count;
    freeOriginals = new Original[count];
    for (int i = 0; i < count; i++) {
      freeOriginals[i] = new Original();
    }
    freeOriginalCount = count;
  }

  /// One frame that was copied. Reused.
  private final class Original {
    private @Nullable Frame frame;
    private int copies;

    private void back() {
      Frame whole = frame;
      if (--copies == 0 && whole != null) {
        frame = null;
        freeOriginals[freeOriginalCount++] = this;
        whole.release();
      }
    }
  }

  /// One copy, and who gets it back. Reused.
  private final class Copy implements FrameSource {
    private final Frame lent;
    private final Frame frame;
    private @Nullable Original original;

    private Copy(Frame lent) {
      this.lent = lent;
      int capacity = lent.headCapacity() + Frame.HEADER_BYTES;
      this.frame = new Frame(this, lent.base(), capacity, Frame.PIECES_MAX);
    }

    @Override
    public void reclaim(Frame back) {
      Original whole = original;
      original = null;
      free[freeCount++] = this;
      if (whole != null) {
        whole.back();
      }
      returnWhenAllAreBack();
    }
  }

  /// Queues a copy of `frame` on each member, and keeps it until the last is back.
  ///
  /// @return false, and nothing done, when there are not enough copies left or the frame has too
  ///     many pieces
  boolean send(Frame frame, Crew crew, long now) {
    int count = crew.size();
    int own = Math.min(frame.headLength(), headMax);
    int pieces = frame.pieces() + (own < frame.headLength() ? 1 : 0);
    if (freeCount < count || pieces > Frame.PIECES_MAX) {
      return false;
    }
    Original original = freeOriginals[--freeOriginalCount];
    original.frame = frame;
    original.copies = count;
    for (int i = 0; i < count; i++) {
      Copy copy = free[--freeCount];
      copy.original = original;
      copy.frame.open(0).share(frame, own);
      crew.get(i).out().queue(copy.frame, now);
    }
    return true;
  }

  /// `frame` is a copy from here.
  boolean owns(Frame frame) {
    for (Copy copy : all) {
      if (copy.frame == frame) {
        return true;
      }
    }
    return false;
  }

  /// Gives the memory back as soon as no device holds any of it.
  void close() {
    closed = true;
    returnWhenAllAreBack();
  }

  private void returnWhenAllAreBack() {
    if (closed && freeCount == all.length) {
      closed = false;
      freeCount = 0;
      for (Copy copy : all) {
        copy.lent.release();
      }
    }
  }
}
