package braid.port;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A fixed number of equal frames over one memory area, for ports that make frames of their own (a
/// TAP's reads, a driver's receive buffers, control frames).
///
/// The memory comes from the caller, so that it can be memory a device may reach. Own parts are
/// 64-byte aligned when the memory is. One thread.
public final class FramePool implements FrameSource {
  /// Referred to so that the collector leaves it alone as long as there is a frame in it.
  @SuppressWarnings({"unused", "FieldCanBeLocal"})
  private final MemorySegment memory;

  private final Frame[] all;
  private final Frame[] free;
  private int freeCount;

  /// Cuts `memory` into frames.
  ///
  /// @param memory     native memory; if it is closed, then after the last frame is back
  /// @param frameBytes own memory per frame, header included; rounded up to a multiple of 64
  /// @param piecesMax  how many pieces each frame can carry
  public FramePool(MemorySegment memory, int frameBytes, int piecesMax) {
    this.memory = memory;
    int stride = strideOf(frameBytes);
    int count = Math.toIntExact(memory.byteSize() / stride);
    if (count == 0) {
      throw new IllegalArgumentException(
          memory.byteSize() + " bytes hold no frame of " + frameBytes + " bytes");
    }
    all = new Frame[count];
    free = new Frame[count];
    for (int i = 0; i < count; i++) {
      all[i] = new Frame(this, memory.address() + (long) i * stride, frameBytes, piecesMax);
      free[count - 1 - i] = all[i];
    }
    freeCount = count;
  }

  /// Bytes of memory that `count` frames of `frameBytes` need.
  public static long bytesFor(int count, int frameBytes) {
    return (long) count * strideOf(frameBytes);
  }

  private static int strideOf(int frameBytes) {
    return (frameBytes + 63) & ~63;
  }

  /// Takes an empty frame, or null when all are out. Its token is 0; the holder gives it another by
  /// [Frame#token(int)].
  public @Nullable Frame take() {
    if (freeCount == 0) {
      return null;
    }
    Frame frame = free[--freeCount];
    return frame.open(0);
  }

  @Override
  public void reclaim(Frame frame) {
    free[freeCount++] = frame;
  }

  /// Frames that can be taken now.
  public int available() {
    return freeCount;
  }

  /// Frames in all.
  public int size() {
    return all.length;
  }

  /// Every frame is back: what each test asserts at its end.
  public boolean balanced() {
    return freeCount == all.length;
  }
}
