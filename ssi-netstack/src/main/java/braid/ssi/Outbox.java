package braid.ssi;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.Port;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The way out through one member: frames collected for one call of its port, and how much it
/// carries. The bond's worker only.
///
/// A member that is spread over by a hash, or that has flows which must not move, gets frames even
/// when its port has no room: a few wait here, as in a queue of the kernel's. A member that hangs
/// so costs no frame until it is found dead; its frames then go elsewhere.
final class Outbox {
  private static final double MBIT = 1e6;

  private final Port port;
  private final Counter dropFull;
  private final Load load = new Load();
  private final Frame[] frames = new Frame[Limits.BATCH];
  private final @Nullable Frame[] held = new Frame[Limits.HELD];
  private int firstHeld;
  private int heldCount;
  private int queued;
  private int spare;
  private int weight = 1;
  private long lastSent = Long.MIN_VALUE / 2;
  private int sent;

  /// @param dropFull counts frames for a member that has had no room for too many already
  Outbox(Port port, Counter dropFull) {
    this.port = port;
    this.dropFull = dropFull;
  }

  /// Asks the port what it has room for, before each batch; what waits comes first.
  void begin() {
    spare = port.room();
    while (heldCount > 0 && spare > Limits.CONTROL_ROOM) {
      spare--;
      push(takeHeld());
    }
    spare = heldCount > 0 ? 0 : spare;
  }

  /// Frames that the port would take besides those queued.
  int spare() {
    return spare;
  }

  /// Takes a frame for [#post].
  void queue(Frame frame, long now) {
    load.sent(frame.length(), now);
    lastSent = now;
    sent++;
    if (spare > 0) {
      spare--;
      push(frame);
    } else if (heldCount < held.length) {
      held[(firstHeld + heldCount++) % held.length] = frame;
    } else {
      sent--;
      dropFull.add(1);
      frame.release();
    }
  }

  private void push(Frame frame) {
    if (queued == frames.length) {
      post();
    }
    frames[queued++] = frame;
  }

  /// Frames that wait for room.
  int held() {
    return heldCount;
  }

  /// The frame that has waited longest, while there is one: the caller's from now on.
  Frame takeHeld() {
    Frame frame = Objects.requireNonNull(held[firstHeld]);
    held[firstHeld] = null;
    firstHeld = (firstHeld + 1) % held.length;
    heldCount--;
    return frame;
  }

  /// Gives the port what is queued.
  void post() {
    if (queued > 0) {
      int count = queued;
      queued = 0;
      port.send(frames, count);
    }
  }

  /// Frames ever queued, modulo 2^32.
  int sent() {
    return sent;
  }

  /// The device has completed the first `count` frames queued here.
  boolean completed(int count) {
    return sent - port.pending() - heldCount - count >= 0;
  }

  Load load() {
    return load;
  }

  long lastSent() {
    return lastSent;
  }

  /// What it counts for when flows are placed, in proportion to the others; at least 1.
  int weight() {
    return weight;
  }

  void weight(int other) {
    weight = other;
  }

  /// Share of its speed that is used, 0 when the speed is not known.
  double utilisation(long now) {
    int speed = port.link().speedMbps();
    return speed == 0 ? 0 : load.rate(now) / (speed * MBIT);
  }
}
