package braid.port;

/// A clock moved by hand: tests and simulations run hours in milliseconds, and the same each time.
/// One thread.
public final class SimClock implements Clock {
  private long now;

  /// A clock that shows `nanos`.
  public SimClock(long nanos) {
    now = nanos;
  }

  @Override
  public long nanos() {
    return now;
  }

  /// Moves time forward.
  ///
  /// @param nanos how far, 0 or more: a clock never goes back
  public void advance(long nanos) {
    if (nanos < 0) {
      throw new IllegalArgumentException("a clock cannot go back by " + -nanos + " ns");
    }
    now += nanos;
  }
}
