package braid.port;

/// Where time comes from. Code below `cli` takes a clock by constructor and never asks the system,
// so that a test drives
/// time by hand and a failover replays from its seed.
@FunctionalInterface
public interface Clock {
  /// Nanoseconds since an arbitrary origin; never goes back.
  long nanos();

  /// The system's monotonic clock.
  Clock SYSTEM = System::nanoTime;
}
