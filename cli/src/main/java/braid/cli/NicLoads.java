package braid.cli;

import braid.port.PortCounters;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// How busy NICs are: what moved since the last look, as a share of the line rate in the busier
/// direction. The control thread.
final class NicLoads {
  /// Looks closer to each other say nothing.
  private static final long LOOK_NANOS = 900_000_000;

  private static final int BITS_PER_MEGABIT_NANO = 1_000;

  private record Seen(long at, long in, long out, int percent) {}

  private final Map<NicUnit, Seen> last = new HashMap<>();

  /// Name to percent, 0 where the line rate is unknown.
  Map<String, Integer> percent(Collection<NicUnit> nics) {
    last.keySet().retainAll(nics);
    Map<String, Integer> loads = new HashMap<>();
    long now = System.nanoTime();
    for (NicUnit nic : nics) {
      PortCounters counters = nic.counted().counters();
      Seen before = last.get(nic);
      if (before == null || now - before.at >= LOOK_NANOS) {
        long in = counters.rxBytes.get();
        long out = counters.txBytes.get();
        int percent =
            before == null
                ? 0
                : percent(
                    Math.max(in - before.in, out - before.out),
                    now - before.at,
                    nic.link().speedMbps());
        before = new Seen(now, in, out, percent);
        last.put(nic, before);
      }
      loads.put(nic.spec().name(), before.percent);
    }
    return loads;
  }

  /// What so many bytes in so many nanoseconds are of a line rate in Mbit/s.
  static int percent(long bytes, long nanos, int speedMbps) {
    if (speedMbps == 0 || nanos == 0) {
      return 0;
    }
    double megabits = bytes * 8.0 * BITS_PER_MEGABIT_NANO / nanos;
    return Math.clamp(Math.round(megabits * 100 / speedMbps), 0, 100);
  }
}
