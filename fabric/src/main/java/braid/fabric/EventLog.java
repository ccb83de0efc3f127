package braid.fabric;

import braid.port.Clock;
import braid.port.Counter;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Counts every event, passes it on, and writes a line about it unless it wrote one of the same
/// kind about the same peer a short while ago. The worker's.
final class EventLog implements FabricListener {
  private static final System.Logger LOG = System.getLogger("braid.fabric");
  private static final long QUIET_NANOS = 10_000_000_000L;

  /// Peers whose names nobody has proven could make any number of them.
  private static final int REMEMBERED_MAX = 1024;

  private final Clock clock;
  private final FabricListener next;
  private final Map<FabricEvent.Kind, Counter> counters = new EnumMap<>(FabricEvent.Kind.class);
  private final List<Counter> all = new ArrayList<>();
  private final Map<String, Quiet> quiet = new HashMap<>();

  /// One kind of line.
  private static final class Quiet {
    long until;
    long left;
  }

  EventLog(Clock clock, FabricListener next) {
    this.clock = clock;
    this.next = next;
    for (FabricEvent.Kind kind : FabricEvent.Kind.values()) {
      Counter counter = new Counter("fabric_" + kind.name().toLowerCase(Locale.ROOT));
      counters.put(kind, counter);
      all.add(counter);
    }
  }

  /// One counter for each kind; any thread.
  List<Counter> counters() {
    return List.copyOf(all);
  }

  @Override
  public void event(FabricEvent event) {
    Counter counter = counters.get(event.kind());
    if (counter != null) {
      counter.add(1);
    }
    log(event);
    next.event(event);
  }

  private void log(FabricEvent event) {
    String who = event.node() + (event.nic().isEmpty() ? "" : "/" + event.nic());
    if (quiet.size() > REMEMBERED_MAX) {
      quiet.clear();
    }
    Quiet line = quiet.computeIfAbsent(event.kind() + who + event.user(), k -> new Quiet());
    long now = clock.nanos();
    if (line.until != 0 && now < line.until) {
      line.left++;
      return;
    }
    String more = line.left == 0 ? "" : " (" + line.left + " more like this left out)";
    line.until = now + QUIET_NANOS;
    line.left = 0;
    boolean good =
        switch (event.kind()) {
          case CONNECTED, UNBLOCKED -> true;
          case UNREACHABLE,
              REFUSED,
              PEER_CLOSED,
              LOST,
              HUNG,
              BLOCKED,
              MISBEHAVED,
              REPLACED,
              EXPIRED ->
              false;
        };
    LOG.log(
        good ? Level.INFO : Level.WARNING,
        "fabric: "
            + who
            + (event.user().isEmpty() ? "" : " for " + event.user())
            + ": "
            + event.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ')
            + ": "
            + event.detail()
            + more);
  }
}
