package braid.bench;

import braid.vm.Traffic;
import braid.vm.UdpProbe;
import braid.vm.UdpReport;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Outages of one contender under one kind of fault: percentiles, a histogram, losses.
///
/// An outage is the longest time between two marks in which nothing arrived that was sent; the
/// worse way counts. The sender's own delay is no outage, as far as it sent nothing in between:
/// with as many programs as there are here on two processors it is late by milliseconds now and
/// then. The time without a packet, whoever is to blame, is told beside ("pause"). [#json] tells of
/// each when it was, to be looked up in the nodes' logs.
final class Outages {
  /// Upper bounds of the histogram's classes, ms; above the last one is a class of its own.
  static final int[] BOUNDS_MS = {2, 5, 10, 20, 50, 100, 200, 500, 1000};

  /// Two marks around one fault.
  ///
  /// @param brokenMillis when the fault was about to be made, ms since 1970
  record Window(UdpProbe.Mark from, double brokenMillis, UdpProbe.Mark to) {}

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

  private final List<Window> windows = new ArrayList<>();
  private final List<Object> each = new ArrayList<>();
  private double[] sorted = {};
  private double[] raw = {};
  private long lostOut;
  private long lostBefore;
  private long lostIn;
  private long duplicated;

  void add(UdpProbe.Mark from, double brokenMillis, UdpProbe.Mark to) {
    windows.add(new Window(from, brokenMillis, to));
  }

  /// Looks the windows up in what both ends found at the end.
  void judge(Traffic.Reports reports) {
    sorted = new double[windows.size()];
    raw = new double[windows.size()];
    for (int i = 0; i < sorted.length; i++) {
      UdpProbe.Mark from = windows.get(i).from;
      UdpProbe.Mark to = windows.get(i).to;
      raw[i] =
          Math.max(
              reports.peer().longestPauseWithin(from.out(), to.out()),
              reports.guest().longestPauseWithin(from.in(), to.in()));
      longest(reports.peer(), from.out(), to.out(), "from the guest", i);
      longest(reports.guest(), from.in(), to.in(), "to the guest", i);
      lostOut += reports.peer().lostWithin(from.out(), to.out());
      lostBefore += reports.peer().lostWithin(from.out(), from.outAt(windows.get(i).brokenMillis));
      lostIn += reports.guest().lostWithin(from.in(), to.in());
      duplicated +=
          reports.peer().duplicatedWithin(from.out(), to.out())
              + reports.guest().duplicatedWithin(from.in(), to.in());
    }
    Arrays.sort(sorted);
    Arrays.sort(raw);
  }

  private void longest(UdpReport receiver, long from, long to, String way, int at) {
    receiver
        .gapsWithin(from, to)
        .max(Comparator.comparingDouble(UdpReport.Gap::netMillis))
        .ifPresent(
            gap -> {
              sorted[at] = Math.max(sorted[at], gap.netMillis());
              each.add(told(gap, way, receiver));
            });
  }

  private static Map<String, Object> told(UdpReport.Gap gap, String way, UdpReport report) {
    double end = report.startMillis() + gap.endMillis();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("began", TIME.format(Instant.ofEpochMilli((long) (end - gap.millis()))));
    map.put("way", way);
    map.put("ms", gap.netMillis());
    map.put("without_a_packet_ms", gap.millis());
    map.put("missing", gap.lost());
    return map;
  }

  int count() {
    return windows.size();
  }

  /// The outage that `percent` of all did not exceed, ms (nearest rank).
  double percentile(double percent) {
    return percentile(sorted, percent);
  }

  private static double percentile(double[] sorted, double percent) {
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

  /// Of [#lostOut] those that were sent before the fault.
  long lostBefore() {
    return lostBefore;
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
                "%3d  %7.1f %7.1f %7.1f %7.1f  %7.1f %7.1f  %6d %6d %6d %4d ",
                count(),
                percentile(50),
                percentile(90),
                percentile(99),
                percentile(100),
                percentile(raw, 50),
                percentile(raw, 99),
                lostOut,
                lostBefore,
                lostIn,
                duplicated));
    for (int n : histogram()) {
      text.append(n == 0 ? "    ." : String.format(Locale.ROOT, " %4d", n));
    }
    return text.toString();
  }

  static String header() {
    StringBuilder text =
        new StringBuilder(
            "  n   p50 ms  p90 ms  p99 ms  max ms  pause50 pause99   lost> before  lost<  dup ");
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
    map.put("pause_p50_ms", percentile(raw, 50));
    map.put("pause_p99_ms", percentile(raw, 99));
    map.put("lost_from_guest", lostOut);
    map.put("lost_from_guest_sent_before", lostBefore);
    map.put("lost_to_guest", lostIn);
    map.put("duplicated", duplicated);
    map.put("each", each);
    map.put("outages_ms", Arrays.stream(sorted).boxed().toList());
    return map;
  }
}
