package braid.ssi;

/// Doubt about a target before its rhythm would raise any: frames that came steadily have stopped.
///
/// While data arrives, a member whose LAN falls silent shows it at once. So a pause in steady data
/// is met with questions at a [#SHARE]th of the interval, and when as many as may be missed have no
/// answer, and no data came either, the target counts as lost. Any frame ends the doubt. A target
/// that is slow to answer (a queue before it that is long) gets twice the time that it took of
/// late. Without steady data, or when that time is no less than the rhythm's, there is no doubt,
/// and the rhythm decides alone ([Heartbeat]).
///
/// No I/O; time is an argument.
final class Suspicion {
  /// Questions in doubt come this many times as often.
  static final int SHARE = 5;

  /// Data is steady when it came in this many of the last [#HISTORY] intervals, so that a pause of
  /// its sender does not blind us.
  static final int STEADY = 5;

  static final int HISTORY = 8;

  private static final int ALL = (1 << HISTORY) - 1;

  private final long interval;
  private final long quick;
  private final long least;
  private final long most;
  private final int mayMiss;

  /// A bit for each of the last intervals in which data came, the lowest for the present one.
  private int history;
  private long slotBegan;
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
    this.least = mayMiss * quick + quick / 2;
    this.most = mayMiss * interval + interval / 2;
  }

  /// Starts anew.
  void reset(long now) {
    history = 0;
    slotBegan = now;
    lastData = now;
    life = now;
    open = false;
    asked = 0;
    slowest = 0;
  }

  /// Frames for the host came.
  void data(long now) {
    long slots = (now - slotBegan) / interval;
    history = (slots < HISTORY ? history << slots : 0) & ALL;
    history |= 1;
    slotBegan += slots * interval;
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
    // Else it may have slept.
    if (extra > 0 && looks(now - gap)) {
      slotBegan += extra;
      lastData += extra;
      life += extra;
      openSince += extra;
    }
  }

  /// Nothing could be heard until now: the doubt begins here.
  void deaf(long now) {
    alive(now);
  }

  /// There is a doubt.
  boolean doubts(long now) {
    return looks(now) && now >= life + quick;
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
    if (!looks(now)) {
      return Long.MAX_VALUE;
    }
    long ask = Math.max(life, lastAsk) + quick;
    return asked >= mayMiss ? Math.min(ask, Math.max(lostAt(), now)) : ask;
  }

  /// Silence and the last question's time to be answered.
  private long lostAt() {
    return Math.max(life + patience(), lastAsk + quick / 2);
  }

  /// Silence that counts as loss.
  private long patience() {
    return Math.max(least, 2 * slowest);
  }

  /// It waits for the next frame, never for longer than till a question is due. Data that stopped
  /// for long was no pause: its sender is done.
  private boolean looks(long now) {
    return Integer.bitCount(history) >= STEADY
        && patience() < most
        && now < lastData + interval + patience();
  }
}
