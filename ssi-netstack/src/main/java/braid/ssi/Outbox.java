package braid.ssi;

import braid.port.Frame;
import braid.port.Port;

/// The way out through one member: frames collected for one call of its port, and how much it
/// carries. The bond's worker only.
final class Outbox {
  private static final double MBIT = 1e6;

  private final Port port;
  private final Load load = new Load();
  private final Frame[] frames = new Frame[Limits.BATCH];
  private int queued;
  private int spare;
  private int weight = 1;
  private long lastSent = Long.MIN_VALUE / 2;
  private int sent;

  Outbox(Port port) {
    this.port = port;
  }

  /// Asks the port what it has room for; before each batch.
  void begin() {
    spare = port.room();
  }

  /// Frames that the port would take besides those queued. A frame queued beyond it is dropped by
  /// the port, which counts it.
  int spare() {
    return spare;
  }

  /// Takes a frame for [#post].
  void queue(Frame frame, long now) {
    if (queued == frames.length) {
      post();
    }
    load.sent(frame.length(), now);
    lastSent = now;
    sent++;
    spare--;
    frames[queued++] = frame;
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
    return sent - port.pending() - count >= 0;
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
