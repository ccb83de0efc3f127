package braid.port;

import java.time.Instant;

/// Where time comes from. Code below `cli` takes a clock by constructor and never asks the system,
/// so that a test drives time by hand and a failover replays from its seed.
@FunctionalInterface
public interface Clock {
  /// Nanoseconds since an arbitrary origin; never goes back.
  long nanos();

  /// The system's monotonic clock.
  Clock SYSTEM = System::nanoTime;

  /// The monotonic clock with its origin at 1970-01-01 UTC, for time stamps that people and other
  /// programs read. The date is asked once, here: later steps of the wall clock do not show.
  static Clock sinceEpoch() {
    Instant date = Instant.now();
    long offset = date.getEpochSecond() * 1_000_000_000L + date.getNano() - SYSTEM.nanos();
    return () -> SYSTEM.nanos() + offset;
  }
}
