package braid.fabric;

/// Watches over a connection that stands: silence of the peer, a socket that takes nothing.
///
/// Time in which our own thread stood still is nobody's silence: a turn that comes much later than
/// it should moves what was heard last by as much. The worker's.
final class Vigil {
  /// How often it looks.
  private static final long TICK_NANOS = 100_000_000;

  private final Timing timing;
  private long lastTurn;
  private long heardAt;
  private long tickAt;
  private long pingAt;
  private long progress;
  private boolean waiting;
  private boolean blocked;

  Vigil(Timing timing, long now) {
    this.timing = timing;
    this.lastTurn = now;
  }

  /// A session is up on a new connection.
  void begin(long now) {
    heardAt = now;
    tickAt = now + TICK_NANOS;
    pingAt = now + timing.ping();
    progress = 0;
    waiting = false;
    blocked = false;
  }

  /// The worker is at work.
  void turn(long now) {
    long gap = now - lastTurn;
    lastTurn = now;
    if (gap > 2 * TICK_NANOS) {
      heardAt += gap - TICK_NANOS;
    }
  }

  /// Bytes came.
  void heard(long now) {
    heardAt = now;
  }

  /// It is time to look.
  boolean due(long now) {
    return now >= tickAt;
  }

  /// When it is.
  long deadline() {
    return tickAt;
  }

  /// Looks, and says how long nothing was heard.
  long tick(long now) {
    tickAt = now + TICK_NANOS;
    return now - heardAt;
  }

  /// A sign of life should be asked for.
  boolean pingDue(long now) {
    if (now < pingAt) {
      return false;
    }
    pingAt = now + timing.ping();
    return true;
  }

  /// Looks whether the carrier took bytes since the last look. What came into the ring this moment
  /// it cannot have taken yet: only what waited then already counts.
  ///
  /// @return 1 when it has stopped, -1 when it goes on, 0 for no change
  int blockedChange(ByteRing outgoing) {
    boolean some = outgoing.unread() > 0;
    boolean stuck = waiting && some && outgoing.taken() == progress;
    waiting = some;
    progress = outgoing.taken();
    if (stuck == blocked) {
      return 0;
    }
    blocked = stuck;
    return stuck ? 1 : -1;
  }
}
