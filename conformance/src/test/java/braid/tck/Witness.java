package braid.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A well-behaved guest on a thread of its own that exchanges frames until it is stopped, and
/// checks each.
final class Witness {
  private static final int BATCH = 32;
  private static final long PAUSE_NANOS = 500_000;
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private final Thread thread;
  private volatile long frames;
  private volatile boolean stop;
  private volatile @Nullable Throwable failure;

  Witness(Subject subject) {
    thread = new Thread(() -> run(subject), "witness");
    thread.start();
  }

  private void run(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      while (!stop) {
        guest.exchange(BATCH);
        frames = guest.seen();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (Throwable t) {
      failure = t;
    }
  }

  /// Waits until that many more frames have come back.
  void passes(int count) {
    long goal = frames + count;
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (frames < goal && failure == null && System.nanoTime() < deadline) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    assertThat(failure).as("the other guest").isNull();
    assertThat(frames).as("frames of the other guest").isGreaterThanOrEqualTo(goal);
  }

  /// Stops it.
  ///
  /// @return what went wrong, null for nothing
  @Nullable Throwable close() {
    stop = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join(100);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }
}
