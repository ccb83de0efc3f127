package braid.ssi;

import braid.port.Frame;
import java.util.ArrayList;
import java.util.List;

/// Frames taken back from members that died, which the others have had no room for yet. They wait
/// here, in their order, before anything newer: a dead member may have held more than the next one
/// takes at once.
///
/// It is empty but for a moment after a failure; only then does it allocate.
final class Backlog {
  private List<Frame> frames = new ArrayList<>();
  private List<Frame> older = new ArrayList<>();
  private int first;
  private long movedAt;

  Backlog() {}

  int size() {
    return frames.size() - first;
  }

  /// Another member died: what it gives back ([#insert]) is older than what waits.
  void begin(long now) {
    older = new ArrayList<>();
    movedAt = size() == 0 ? now : movedAt;
  }

  /// Takes a frame that the dead member gave back.
  ///
  /// @return false when there are too many
  boolean insert(Frame frame) {
    if (older.size() + size() == Limits.BACKLOG) {
      return false;
    }
    older.add(frame);
    return true;
  }

  /// It has given everything back.
  void end() {
    if (!older.isEmpty()) {
      older.addAll(frames.subList(first, frames.size()));
      frames = older;
      first = 0;
      older = new ArrayList<>();
    }
  }

  /// Takes a frame that is newer than what waits.
  ///
  /// @return false when there are too many
  boolean append(Frame frame) {
    if (size() == Limits.BACKLOG) {
      return false;
    }
    frames.add(frame);
    return true;
  }

  /// The oldest, while there is one.
  Frame first() {
    return frames.get(first);
  }

  /// The oldest is on its way.
  void removeFirst(long now) {
    first++;
    movedAt = now;
    clear();
  }

  private void clear() {
    if (first == frames.size()) {
      frames.clear();
      first = 0;
    }
  }

  /// When what waits has waited too long, [Long#MAX_VALUE] when nothing waits.
  long deadline() {
    return size() == 0 ? Long.MAX_VALUE : movedAt + Limits.BACKLOG_NANOS;
  }

  /// Releases everything.
  ///
  /// @return how many there were
  int drop() {
    int count = size();
    while (first < frames.size()) {
      frames.get(first++).release();
    }
    clear();
    return count;
  }
}
