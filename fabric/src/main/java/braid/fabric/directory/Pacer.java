package braid.fabric.directory;

import braid.port.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// When to tell the others what this node has. A NIC's load changes all the time and is worth a
/// message a second at most; everything else, carrier above all, is told at once.
///
/// Pure, one thread: whoever owns it asks [#dueNanos] and comes back then.
final class Pacer {
  private final Clock clock;
  private final long gap;
  private @Nullable List<NicRecord> told;
  private @Nullable List<NicRecord> pending;
  private long toldAt;

  /// Nothing told yet.
  ///
  /// @param clock    tells the time between two messages
  /// @param gapNanos shortest time between two messages that differ in load only, ns
  Pacer(Clock clock, long gapNanos) {
    this.clock = clock;
    this.gap = gapNanos;
  }

  /// This is what the node has now.
  void offer(Collection<NicRecord> nics) {
    List<NicRecord> sorted = nics.stream().sorted(Comparator.comparing(NicRecord::nic)).toList();
    pending = sorted.equals(told) ? null : sorted;
  }

  /// How long until [#take] gives something, ns; 0: now; -1: nothing to tell.
  long dueNanos() {
    List<NicRecord> next = pending;
    if (next == null) {
      return -1;
    }
    List<NicRecord> last = told;
    if (last == null || !withoutLoad(last).equals(withoutLoad(next))) {
      return 0;
    }
    return Math.max(0, toldAt + gap - clock.nanos());
  }

  /// What is to be told now; null when nothing is due.
  @Nullable List<NicRecord> take() {
    if (dueNanos() != 0) {
      return null;
    }
    told = pending;
    pending = null;
    toldAt = clock.nanos();
    return told;
  }

  private static List<NicRecord> withoutLoad(List<NicRecord> nics) {
    return nics.stream().map(nic -> nic.withLoad(0)).toList();
  }
}
