package braid.ssi;

/// Doubt about a target before its rhythm would raise any: frames that came steadily have stopped.
///
/// While data arrives, a member whose LAN falls silent shows it at once. So a pause in steady data
/// is met with questions at a [#SHARE]th of the interval, and when as many as may be missed have no
/// answer, and no data came either, the target counts as lost. Any frame ends the doubt. Without
/// steady data, or with a target that is slow to answer (a queue before it that is long), there is
/// no doubt, and the rhythm decides alone ([Heartbeat]).
///
/// No I/O; time is an argument.
final class Suspicion {
  /// Questions in doubt come this many times as often.
  static final int SHARE = 5;

  /// Data is steady when for this many intervals no gap was longer than one.
  static final int STEADY = 5;

  private final long interval;
  private final long quick;
  private final long loss;
  private final int mayMiss;
  private long steadySince;
  private long lastData;
  private long life;
  private long lastAsk;
  private long openSince;
  private boolean open;
  private long slowest;
  private int asked;

  /// Knows nothing yet.
  ///
  /// @param intervalNanos between two questions in the ordinary rhythm
  /// @param mayMiss       questions in a row without an answer that count as loss
  Suspicion(long intervalNanos, int mayMiss) {
    this.interval = intervalNanos;
    this.quick = intervalNanos / SHARE;
    this.mayMiss = mayMiss;
    this.loss = mayMiss * quick + quick / 2;
  }

  /// Starts anew.
  void reset(long now) {
    steadySince = now;
    lastData = now;
    life = now;
    open = false;
    asked = 0;
    slowest = 0;
  }

  /// Frames for the host came.
  void data(long now) {
    if (now - lastData > interval) {
      steadySince = now;
    }
    lastData = now;
    alive(now);
  }

  /// The target was asked, in doubt or in rhythm.
  void asked(long now) {
    asked++;
    lastAsk = now;
    if (!open) {
      open = true;
      openSince = now;
    }
  }

  /// It answered. How slow it was, is forgotten within some answers: a quarter with each.
  void answered(long now) {
    if (open) {
      slowest = Math.max(now - openSince, slowest - slowest / 4);
      open = false;
    }
    alive(now);
  }

  private void alive(long now) {
    life = now;
    asked = 0;
  }

  /// A turn of the worker begins. If it stood still, that time counts for nobody.
  ///
  /// @param gap since the turn before
  void turned(long gap, long now) {
    long extra = gap - quick;
    if (extra <= 0) {
      return;
    }
    // An answer that waited here does not make the target slow.
    openSince += extra;
    if (doubts(now - gap)) {
      steadySince += extra;
      lastData += extra;
      life += extra;
    }
  }

  /// There is a doubt.
  boolean doubts(long now) {
    return watches() && now >= life + quick && now < endsAt();
  }

  /// A question is due, out of rhythm.
  boolean due(long now) {
    return doubts(now) && now >= lastAsk + quick;
  }

  /// The target is lost. Only after everything received was handled.
  boolean lost(long now) {
    return doubts(now) && asked >= mayMiss && now >= lostAt();
  }

  /// When one of these may become true with no frame coming, [Long#MAX_VALUE] for never.
  long changesAt(long now) {
    if (!watches() || now >= endsAt()) {
      return Long.MAX_VALUE;
    }
    long ask = Math.max(life, lastAsk) + quick;
    return asked >= mayMiss ? Math.min(ask, Math.max(lostAt(), now)) : ask;
  }

  /// Silence and the last question's time to be answered.
  private long lostAt() {
    return Math.max(life + loss, lastAsk + quick / 2);
  }

  /// Data that stopped for longer was no pause: its sender is done.
  private long endsAt() {
    return lastData + interval + loss;
  }

  private boolean watches() {
    return lastData - steadySince >= STEADY * interval && 2 * slowest <= loss;
  }
}
