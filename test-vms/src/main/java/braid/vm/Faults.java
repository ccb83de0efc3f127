package braid.vm;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What faults did to the traffic, and the table and JSON of it.
final class Faults {
  /// One way of the traffic during one fault.
  ///
  /// @param sent       packets sent while it lasted
  /// @param lost       of these never came
  /// @param duplicated copies too many
  /// @param outageMs   longest time in which nothing arrived that was sent
  /// @param pauseMs    longest time without a packet, the sender's own delay included
  record Way(long sent, long lost, long duplicated, double outageMs, double pauseMs) {
    static final Way NONE = new Way(0, 0, 0, 0, 0);

    /// What the receiver found between two numbers.
    static Way of(UdpReport receiver, long from, long to) {
      return new Way(
          to - from,
          receiver.lostWithin(from, to),
          receiver.duplicatedWithin(from, to),
          receiver.longestOutageWithin(from, to),
          receiver.longestPauseWithin(from, to));
    }

    /// Both together: sums, and the longer outage.
    Way and(Way other) {
      return new Way(
          sent + other.sent,
          lost + other.lost,
          duplicated + other.duplicated,
          Math.max(outageMs, other.outageMs),
          Math.max(pauseMs, other.pauseMs));
    }
  }

  /// One fault, once.
  ///
  /// @param name        its kind
  /// @param detectionMs silence before the bond declared the path dead; 0: it was told;
  ///                    [#NO_DETECTION]: not looked at
  /// @param out         guest to LAN
  /// @param in          LAN to guest
  record Fault(String name, double detectionMs, Way out, Way in) {
    double outageMs() {
      return Math.max(out.outageMs, in.outageMs);
    }

    double pauseMs() {
      return Math.max(out.pauseMs, in.pauseMs);
    }
  }

  /// Nobody looked at how the fault was noticed.
  static final double NO_DETECTION = -1;

  private final List<Fault> all = new ArrayList<>();

  void add(Fault fault) {
    all.add(fault);
  }

  List<String> names() {
    return all.stream().map(Fault::name).distinct().toList();
  }

  List<Fault> of(String name) {
    return all.stream().filter(f -> f.name.equals(name)).toList();
  }

  /// Median outage of a kind, ms.
  double medianOutage(String name) {
    return median(of(name).stream().mapToDouble(Fault::outageMs).toArray());
  }

  static double median(double... values) {
    if (values.length == 0) {
      return 0;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  /// What the columns mean.
  static final String LEGEND =
      "outage: the longest time in which nothing arrived that was sent, the worse way counts;"
          + System.lineSeparator()
          + "pause: the longest time without a packet, the sender's own delay included";

  /// A row per kind.
  String table() {
    String row = "%-38s %3s  %9s  %6s %6s %6s  %6s  %7s %5s %4s  %7s %5s %4s%n";
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            "%-38s %3s  %9s  %-20s  %6s  %-18s  %-18s%n",
            "", "", "detection", "outage ms", "pause", "guest to LAN", "LAN to guest"));
    out.append(
        String.format(
            row,
            "fault",
            "n",
            "median ms",
            "median",
            "min",
            "max",
            "max",
            "sent",
            "lost",
            "dup",
            "sent",
            "lost",
            "dup"));
    for (String name : names()) {
      List<Fault> some = of(name);
      double[] outages = some.stream().mapToDouble(Fault::outageMs).sorted().toArray();
      double detection = median(some.stream().mapToDouble(Fault::detectionMs).toArray());
      Way up = sum(some.stream().map(Fault::out).toList());
      Way down = sum(some.stream().map(Fault::in).toList());
      out.append(
          String.format(
              Locale.ROOT,
              row,
              name,
              some.size(),
              detection == 0 ? "told" : detection < 0 ? "" : ms(detection),
              ms(median(outages)),
              ms(outages[0]),
              ms(outages[outages.length - 1]),
              ms(some.stream().mapToDouble(Fault::pauseMs).max().orElse(0)),
              up.sent,
              up.lost,
              up.duplicated,
              down.sent,
              down.lost,
              down.duplicated));
    }
    return out.toString();
  }

  private static String ms(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static Way sum(List<Way> ways) {
    return ways.stream().reduce(Way.NONE, Way::and);
  }

  /// An object per fault, in the order they were added.
  JsonArray json() {
    JsonArray list = new JsonArray();
    for (Fault fault : all) {
      JsonObject one = new JsonObject().add("name", fault.name);
      if (fault.detectionMs >= 0) {
        one.add("detection_ms", fault.detectionMs);
      }
      list.add(
          one.add("outage_ms", fault.outageMs())
              .add("pause_ms", fault.pauseMs())
              .add("sent", fault.out.sent + fault.in.sent)
              .add("lost", fault.out.lost + fault.in.lost)
              .add("duplicated", fault.out.duplicated + fault.in.duplicated)
              .add("guest_to_lan", json(fault.out))
              .add("lan_to_guest", json(fault.in)));
    }
    return list;
  }

  private static JsonObject json(Way way) {
    return new JsonObject()
        .add("sent", way.sent)
        .add("lost", way.lost)
        .add("duplicated", way.duplicated)
        .add("outage_ms", way.outageMs)
        .add("pause_ms", way.pauseMs);
  }
}
