package braid.host;

import braid.port.Frame;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A short queue of frames that wait for a guest's buffers, with the time since when. Worker only.
final class HeldFrames {
  private final @Nullable Frame[] frames;
  private final long[] since;
  private int first;
  private int count;

  HeldFrames(int most) {
    frames = new Frame[most];
    since = new long[most];
  }

  /// How many wait.
  int count() {
    return count;
  }

  /// Puts a frame at the end.
  ///
  /// @return false when the queue is full: the frame stays the caller's
  boolean add(Frame frame, long now) {
    if (count == frames.length) {
      return false;
    }
    int at = (first + count) % frames.length;
    frames[at] = frame;
    since[at] = now;
    count++;
    return true;
  }

  /// The frame that waits longest; there is one.
  Frame oldest() {
    return Objects.requireNonNull(frames[first]);
  }

  /// Since when it waits.
  long since() {
    return since[first];
  }

  /// Takes it out; it is the caller's.
  Frame remove() {
    Frame frame = oldest();
    frames[first] = null;
    first = (first + 1) % frames.length;
    count--;
    return frame;
  }
}
