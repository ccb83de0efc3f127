package braid.fabric.pki;

import java.time.Duration;
import java.time.Instant;

/// From when until when a certificate is good.
///
/// @param from  first moment
/// @param until last moment, later than `from`
public record Validity(Instant from, Instant until) {
  /// Nodes' clocks differ: a certificate made here must be good at once on a node whose clock is
  /// late.
  private static final Duration CLOCK_DIFFERENCE = Duration.ofHours(1);

  /// Checks the order.
  public Validity {
    if (!until.isAfter(from)) {
      throw new IllegalArgumentException("validity ends at " + until + ", starts at " + from);
    }
  }

  /// Good from an hour before `now`, for `days` days after it.
  ///
  /// @param now  the present
  /// @param days 1 or more
  public static Validity days(Instant now, int days) {
    return new Validity(now.minus(CLOCK_DIFFERENCE), now.plus(Duration.ofDays(days)));
  }
}
