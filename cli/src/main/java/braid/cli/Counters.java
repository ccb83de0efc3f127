package braid.cli;

import braid.port.Counter;
import braid.port.Port;
import java.util.List;
import java.util.stream.Collectors;

/// Counters as text for the log's last lines.
final class Counters {
  private Counters() {}

  /// All of a port's counters that are not 0.
  static String text(Port port) {
    return text(port.counters().all());
  }

  /// All that are not 0.
  static String text(List<Counter> counters) {
    return counters.stream()
        .filter(counter -> counter.get() != 0)
        .map(Counter::toString)
        .collect(Collectors.joining(" "));
  }
}
