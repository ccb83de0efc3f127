package braid.ssi;

/// What one member carries: bytes and flows over the last one to two tenths of a second.
///
/// **Why flows and bytes.** A TCP flow starts slowly and then takes what it gets, so the bytes of
/// the moment say little about who will fill a path; and a path's real speed may be lower than the
/// one it names. The number of flows that are bulk, or new and so may become it, says who will
/// share.
///
/// A flow counts by its bytes in a period, up to [#BULK_BYTES], where it is one whole flow. A flow
/// just placed is *fresh*: it counts for this period and the next by what it is presumed to be.
final class Load {
  /// One period.
  static final long PERIOD_NANOS = 100_000_000;

  /// A flow of this many bytes in a period (5.2 Mbit/s) is bulk.
  static final int BULK_BYTES = 65_536;

  private long period;
  private long periodEnd = Long.MIN_VALUE;
  private long bytes;
  private long lastBytes;
  private long flowBytes;
  private long lastFlowBytes;
  private int bulk;
  private int lastBulk;
  private long fresh;
  private long lastFresh;

  /// The number of the period that `now` is in.
  static long period(long now) {
    return Math.floorDiv(now, PERIOD_NANOS);
  }

  private void roll(long now) {
    if (now < periodEnd) {
      return;
    }
    long next = period(now);
    boolean adjacent = next == period + 1;
    lastBytes = adjacent ? bytes : 0;
    lastFlowBytes = adjacent ? flowBytes : 0;
    lastBulk = adjacent ? bulk : 0;
    lastFresh = adjacent ? fresh : 0;
    bytes = 0;
    flowBytes = 0;
    bulk = 0;
    fresh = 0;
    period = next;
    periodEnd = (next + 1) * PERIOD_NANOS;
  }

  /// A frame goes out.
  void sent(int frameBytes, long now) {
    roll(now);
    bytes += frameBytes;
  }

  /// A flow has sent on.
  ///
  /// @param counted    bytes of it that count: none beyond [#BULK_BYTES] in a period, nor what a
  ///                   fresh one is presumed to send
  /// @param becameBulk it has reached that with them
  void flow(int counted, boolean becameBulk, long now) {
    roll(now);
    flowBytes += counted;
    bulk += becameBulk ? 1 : 0;
  }

  /// A flow was placed here.
  ///
  /// @param presumed 0 to [#BULK_BYTES]
  void place(int presumed, long now) {
    roll(now);
    fresh += presumed;
  }

  /// A fresh flow left or ended.
  ///
  /// @param since the period in which it was placed
  void unplace(int presumed, long since, long now) {
    roll(now);
    if (since == period) {
      fresh -= presumed;
    } else if (since == period - 1) {
      lastFresh -= presumed;
    }
  }

  /// Flows that share the member, each weighed by its bytes.
  double flows(long now) {
    roll(now);
    return (double) (Math.max(flowBytes, lastFlowBytes) + fresh + lastFresh) / BULK_BYTES;
  }

  /// Flows that are bulk or may become it.
  double bulkFlows(long now) {
    roll(now);
    return Math.max(bulk, lastBulk) + (double) (fresh + lastFresh) / BULK_BYTES;
  }

  /// Bits per second.
  long rate(long now) {
    roll(now);
    long rest = periodEnd - now;
    double window = bytes + (double) lastBytes * rest / PERIOD_NANOS;
    return (long) (window * 8 * 1e9 / PERIOD_NANOS);
  }
}
