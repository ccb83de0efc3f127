package braid.port;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Waits without file descriptors: for a worker whose ports are all in memory (tests, simulations,
/// benchmarks). Nothing completes here; only [#wake] and time end a wait.
public final class ParkWaiter implements Waiter {
  private volatile @Nullable Thread sleeper;
  private volatile boolean woken;
  private volatile boolean closed;

  /// A waiter nobody waits in.
  public ParkWaiter() {}

  @Override
  public void start() {
    sleeper = Thread.currentThread();
  }

  @Override
  public int poll() {
    return 0;
  }

  @Override
  public void await(long nanos) {
    // A wake between this look and the park leaves a permit, so the park returns at once.
    if (!woken) {
      if (nanos == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, nanos);
      }
    }
    woken = false;
  }

  @Override
  public void wake() {
    woken = true;
    LockSupport.unpark(sleeper);
  }

  /// The worker that slept here has ended.
  public boolean closed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
  }
}
