package braid.ssi;

import java.util.List;

/// How a bond behaves; validated whole. Durations are in nanoseconds.
///
/// @param primary               name of the member of highest rank, empty for none
/// @param reselect              when to go back to a member of higher rank
/// @param monitors              checks on each member besides carrier: one continuity check and one
///                              target at most
/// @param holdNanos             how long a member must be healthy without a gap after a failure
/// @param holdMaxNanos          the most that flapping makes of it
/// @param flapNanos             failing this soon after coming up is flapping and doubles the hold
/// @param announceCount         how often addresses are announced after a switch, 0 to 10
/// @param announceIntervalNanos between two announcements; the first goes at once
/// @param graceNanos            how long after a switch unicast frames for the bond are still taken
///                              from members not in use
public record BondConfig(
    String primary,
    Reselect reselect,
    List<Monitor> monitors,
    long holdNanos,
    long holdMaxNanos,
    long flapNanos,
    int announceCount,
    long announceIntervalNanos,
    long graceNanos) {
  private static final long MS = 1_000_000;

  /// No primary; reselect always; continuity check every 10 ms; hold 500 ms, doubled up to 30 s for
  /// a failure within 5 s; 3 announcements 100 ms apart; grace 1 s.
  public static final BondConfig DEFAULT =
      new BondConfig(
          "",
          Reselect.ALWAYS,
          List.of(Continuity.GUEST),
          500 * MS,
          30_000 * MS,
          5_000 * MS,
          3,
          100 * MS,
          1_000 * MS);

  /// Checks the ranges and copies the list.
  public BondConfig {
    monitors = List.copyOf(monitors);
    range("hold", holdNanos, 0, 3_600_000 * MS);
    range("hold-max", holdMaxNanos, holdNanos, 3_600_000 * MS);
    range("flap", flapNanos, 0, 3_600_000 * MS);
    range("announce-count", announceCount, 0, 10);
    range("announce-interval", announceIntervalNanos, MS, 10_000 * MS);
    range("grace", graceNanos, 0, 60_000 * MS);
    long continuity = monitors.stream().filter(Continuity.class::isInstance).count();
    if (continuity > 1 || monitors.size() - continuity > 1) {
      throw new IllegalArgumentException(
          "monitors holds one continuity check and one target at most, not " + monitors);
    }
  }

  private static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(name + " is " + least + " to " + most + ", not " + value);
    }
  }

  /// The same with other checks.
  public BondConfig monitors(Monitor... others) {
    return new BondConfig(
        primary,
        reselect,
        List.of(others),
        holdNanos,
        holdMaxNanos,
        flapNanos,
        announceCount,
        announceIntervalNanos,
        graceNanos);
  }

  /// The same with another primary and policy.
  public BondConfig primary(String name, Reselect policy) {
    return new BondConfig(
        name,
        policy,
        monitors,
        holdNanos,
        holdMaxNanos,
        flapNanos,
        announceCount,
        announceIntervalNanos,
        graceNanos);
  }

  /// The same with other hold times.
  public BondConfig hold(long base, long max, long flap) {
    return new BondConfig(
        primary,
        reselect,
        monitors,
        base,
        max,
        flap,
        announceCount,
        announceIntervalNanos,
        graceNanos);
  }
}
