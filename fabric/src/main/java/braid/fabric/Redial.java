package braid.fabric;

import java.util.random.RandomGenerator;

/// How long to wait before the next attempt: doubles from failure to failure, and is spread over
/// its upper half, so that a hundred nodes do not come back in step.
final class Redial {
  private final long first;
  private final long most;
  private final RandomGenerator random;
  private long base;

  Redial(Timing timing, RandomGenerator random) {
    this.first = timing.redialFirst();
    this.most = timing.redialMost();
    this.random = random;
    this.base = first;
  }

  /// The wait after a failure, in nanoseconds.
  long next() {
    long wait = base - random.nextLong(base / 2 + 1);
    base = Math.min(2 * base, most);
    return wait;
  }

  /// A session was established.
  void reset() {
    base = first;
  }
}
