package braid.ssi;

/// How a bond speaks LACP; validated whole.
///
/// @param rate           what the partner is asked for
/// @param active         speak first (true), or only when spoken to
/// @param minLinks       distributing links below which the bond is down, 0 to 64; 0 is as good as
///                       1
/// @param select         the choice among aggregators
/// @param systemPriority 1 to 65535, lower is higher
/// @param key            the operator's part of each link's key, 0 to 1023: links of different keys
///                       never aggregate
public record LacpConfig(
    LacpRate rate, boolean active, int minLinks, AdSelect select, int systemPriority, int key) {
  /// Linux's defaults: slow, active, no minimum, stable, 65535, 0.
  public static final LacpConfig DEFAULT =
      new LacpConfig(LacpRate.SLOW, true, 0, AdSelect.STABLE, 65_535, 0);

  private static final int KEY_SHIFT = 6;
  private static final int SPEED_SHIFT = 1;
  private static final int FULL_DUPLEX = 1;

  /// Line rates in Mbit/s that have a key of their own; at most 32.
  private static final int[] SPEEDS = {
    0, 1, 10, 100, 1_000, 2_500, 5_000, 10_000, 14_000, 20_000, 25_000, 40_000, 50_000, 56_000,
    100_000, 200_000, 400_000, 800_000
  };

  /// Checks the ranges.
  public LacpConfig {
    range("min-links", minLinks, 0, Limits.MEMBERS);
    range("lacp-system-priority", systemPriority, 1, 65_535);
    range("lacp-key", key, 0, 1023);
  }

  private static void range(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(name + " is " + least + " to " + most + ", not " + value);
    }
  }

  /// The key of a link of this speed, as Linux makes it: operator's key (bits 6 to 15), speed (bits
  /// 1 to 5), full duplex (bit 0). A speed between two of the table counts as the lower one.
  ///
  /// @param speedMbps line rate, 0 when unknown
  int key(int speedMbps) {
    int speed = 0;
    while (speed + 1 < SPEEDS.length && SPEEDS[speed + 1] <= speedMbps) {
      speed++;
    }
    return key << KEY_SHIFT | speed << SPEED_SHIFT | FULL_DUPLEX;
  }

  /// Links that must distribute for the bond to be up: at least one.
  int linksNeeded() {
    return Math.max(1, minLinks);
  }
}
