package braid.bench;

import braid.vm.Traffic;
import braid.vm.UdpProbe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Outages of one contender under one kind of fault: percentiles, a histogram, losses.
///
/// An outage is the longest time without a packet between two marks; the worse way counts.
final class Outages {
  /// Upper bounds of the histogram's classes, ms; above the last one is a class of its own.
  static final int[] BOUNDS_MS = {2, 5, 10, 20, 50, 100, 200, 500, 1000};

  /// Two marks around one fault.
  record Window(UdpProbe.Mark from, UdpProbe.Mark to) {}

  private final List<Window> windows = new ArrayList<>();
  private double[] sorted = {};
  private long lostOut;
  private long lostIn;
  private long duplicated;

  void add(UdpProbe.Mark from, UdpProbe.Mark to) {
    windows.add(new Window(from, to));
  }

  /// Looks the windows up in what both ends found at the end.
  void judge(Traffic.Reports reports) {
    sorted = new double[windows.size()];
    for (int i = 0; i < sorted.length; i++) {
      UdpProbe.Mark from = windows.get(i).from;
      UdpProbe.Mark to = windows.get(i).to;
      sorted[i] =
          Math.max(
              reports.peer().maxGapWithin(from.out(), to.out()),
              reports.guest().maxGapWithin(from.in(), to.in()));
      lostOut += reports.peer().lostWithin(from.out(), to.out());
      lostIn += reports.guest().lostWithin(from.in(), to.in());
      duplicated +=
          reports.peer().duplicatedWithin(from.out(), to.out())
              + reports.guest().duplicatedWithin(from.in(), to.in());
    }
    Arrays.sort(sorted);
  }

  int count() {
    return windows.size();
  }

  /// The outage that `percent` of all did not exceed, ms (nearest rank).
  double percentile(double percent) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.max(0, rank - 1)];
  }

  /// How many fell into each class of [#BOUNDS_MS].
  int[] histogram() {
    int[] classes = new int[BOUNDS_MS.length + 1];
    for (double outage : sorted) {
      int at = 0;
      while (at < BOUNDS_MS.length && outage > BOUNDS_MS[at]) {
        at++;
      }
      classes[at]++;
    }
    return classes;
  }

  long lostOut() {
    return lostOut;
  }

  long lostIn() {
    return lostIn;
  }

  /// A row's figures; the columns are those of [#header].
  String row() {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%3d  %7.1f %7.1f %7.1f %7.1f  %6d %6d %4d ",
                count(),
                percentile(50),
                percentile(90),
                percentile(99),
                percentile(100),
                lostOut,
                lostIn,
                duplicated));
    for (int n : histogram()) {
      text.append(n == 0 ? "    ." : String.format(Locale.ROOT, " %4d", n));
    }
    return text.toString();
  }

  static String header() {
    StringBuilder text =
        new StringBuilder("  n   p50 ms  p90 ms  p99 ms  max ms  lost> lost<  dup ");
    for (int bound : BOUNDS_MS) {
      text.append(String.format(Locale.ROOT, " %4s", "<=" + bound));
    }
    return text.append("  more").toString();
  }

  /// The same figures and every single outage, ms.
  Map<String, Object> json() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("faults", count());
    map.put("p50_ms", percentile(50));
    map.put("p90_ms", percentile(90));
    map.put("p99_ms", percentile(99));
    map.put("max_ms", percentile(100));
    map.put("lost_from_guest", lostOut);
    map.put("lost_to_guest", lostIn);
    map.put("duplicated", duplicated);
    map.put("outages_ms", Arrays.stream(sorted).boxed().toList());
    return map;
  }
}
