package braid.vm;

import java.time.Duration;

/// A moment on the monotonic clock after which waiting ends.
record Deadline(long nanos) {
  static Deadline in(Duration timeout) {
    return new Deadline(System.nanoTime() + timeout.toNanos());
  }

  boolean passed() {
    return nanos - System.nanoTime() <= 0;
  }

  /// Milliseconds left, at least 1: fit for [Object#wait(long)], which takes 0 for "for ever".
  long millis() {
    return Math.max(1, (nanos - System.nanoTime()) / 1_000_000);
  }

  /// Waits a little, for things that can only be asked again and again.
  static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestbedException("interrupted while waiting", e);
    }
  }
}
