package braid.ssi;

import braid.port.Frame;

/// How fast frames may pass an end of a [Switch] in one direction: a token bucket.
///
/// What counts are the bytes of a frame as it travels, without virtio_net_hdr and FCS; a GSO frame
/// counts once, uncut, so the headers that its segments will repeat are not in it.
///
/// @param bitsPerSecond the rate, 1,000 to 10^12, or 0 for no limit
/// @param burstBytes    what may pass at once after a pause, up to 1 GiB; a whole frame passes even
///                      when it is larger
public record RateLimit(long bitsPerSecond, long burstBytes) {
  /// No limit.
  public static final RateLimit NONE = new RateLimit(0, 0);

  private static final long BURST_MAX = 1L << 30;

  /// The default burst is what passes in this time: longer than a busy machine leaves the worker
  /// without a processor, so that such a gap does not cost rate.
  private static final long BURST_PER_SECOND = 40;

  /// Checks the ranges.
  public RateLimit {
    if (bitsPerSecond != 0 && (bitsPerSecond < 1_000 || bitsPerSecond > 1_000_000_000_000L)) {
      throw new IllegalArgumentException(
          "a rate is 1000 to 1000000000000 bit/s, or 0 for no limit, not " + bitsPerSecond);
    }
    if (burstBytes < (bitsPerSecond == 0 ? 0 : 1) || burstBytes > BURST_MAX) {
      throw new IllegalArgumentException("a burst is 1 to 1073741824 bytes, not " + burstBytes);
    }
  }

  /// A rate with the default burst: 25 ms of it, and never less than the longest frame.
  public static RateLimit of(long bitsPerSecond) {
    long burst = bitsPerSecond / 8 / BURST_PER_SECOND;
    long least = Frame.BYTES_MAX;
    return new RateLimit(bitsPerSecond, Math.clamp(burst, least, BURST_MAX));
  }
}
