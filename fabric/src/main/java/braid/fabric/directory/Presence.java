package braid.fabric.directory;

import braid.port.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Since when a node is gone, as seen by a majority: a node that sees only itself has no opinion on
/// who is gone.
///
/// Pure, one thread.
final class Presence {
  private final Clock clock;
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Long> gone = new HashMap<>();
  private boolean majority;
  private long majoritySince;

  Presence(Clock clock) {
    this.clock = clock;
  }

  /// The membership changed.
  void members(Collection<String> nodes, boolean withMajority) {
    long now = clock.nanos();
    if (withMajority && !majority) {
      majoritySince = now;
      gone.clear();
    }
    majority = withMajority;
    for (String node : seen) {
      if (majority && !nodes.contains(node)) {
        gone.put(node, now);
      }
    }
    seen.clear();
    seen.addAll(nodes);
    gone.keySet().removeAll(seen);
  }

  boolean seen(String node) {
    return seen.contains(node);
  }

  boolean majority() {
    return majority;
  }

  /// How long until a node was gone for `grace`; zero or less: it was. One that was never seen is
  /// gone since this node has a majority.
  Duration untilGone(String node, Duration grace) {
    if (!majority || seen(node)) {
      throw new IllegalStateException(node + " is seen, or nobody can say");
    }
    long since = gone.getOrDefault(node, majoritySince);
    return grace.minusNanos(clock.nanos() - since);
  }
}
