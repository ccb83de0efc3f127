package braid.ssi;

/// The state of one [RateLimit]. Time is an argument, arithmetic is exact: the same frames at the
/// same times give the same answers.
///
/// Kept as one instant, the time up to which everything that passed is paid for at the rate: it
/// may run ahead of the clock by the burst. What passes is asked for before its size is known, so
/// the last frame may overdraw the bucket; the debt is paid before the next one passes.
final class TokenBucket {
  private static final long BIT_NANOS = 8_000_000_000L;

  private final long rate;
  private final long burstNanos;
  private long paidUntil;

  /// What division left over, so that no bit is ever forgotten.
  private long rest;

  TokenBucket(RateLimit limit, long now) {
    rate = limit.bitsPerSecond();
    burstNanos = rate == 0 ? 0 : Math.max(1, limit.burstBytes() * BIT_NANOS / rate);
    paidUntil = now;
  }

  /// One frame may pass.
  boolean open(long now) {
    return rate == 0 || paidUntil - now < burstNanos;
  }

  /// When [#open] is true if nothing passes until then.
  long opensAt() {
    return rate == 0 ? Long.MIN_VALUE : paidUntil - burstNanos + 1;
  }

  /// How many frames of `bytes` may pass, at most `most`.
  int frames(int bytes, int most, long now) {
    if (rate == 0) {
      return most;
    }
    if (!open(now)) {
      return 0;
    }
    long cost = Math.max(1, bytes * BIT_NANOS / rate);
    long tokens = burstNanos - Math.max(0, paidUntil - now);
    return (int) Math.min(most, 1 + (tokens - 1) / cost);
  }

  /// `bytes` pass.
  void take(long bytes, long now) {
    if (rate != 0 && bytes > 0) {
      long due = bytes * BIT_NANOS + rest;
      rest = due % rate;
      paidUntil = Math.max(paidUntil, now) + due / rate;
    }
  }
}
