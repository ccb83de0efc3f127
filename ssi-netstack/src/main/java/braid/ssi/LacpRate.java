package braid.ssi;

/// How often a partner is asked to send LACPDUs, and how long its silence is borne: the timers of
/// IEEE 802.1AX-2014, 6.4.4.
public enum LacpRate {
  /// One in 30 s. Loss is noticed after 90 s.
  SLOW(30_000_000_000L),
  /// One a second. Loss is noticed after 3 s.
  FAST(1_000_000_000L);

  private final long nanos;

  LacpRate(long nanos) {
    this.nanos = nanos;
  }

  /// Nanoseconds between two LACPDUs.
  public long nanos() {
    return nanos;
  }

  /// Silence that counts as loss: 3 intervals.
  public long lossNanos() {
    return 3 * nanos;
  }
}
