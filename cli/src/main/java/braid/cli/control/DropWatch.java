package braid.cli.control;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes events of drops: compares the ports' drop counters once a second and says which rose
/// ([NodeEvent.FramesDropped]), except those that come with the way things work
/// ([NodeView.Port#loss]). Counters are read, ports are not touched.
///
/// A counter that rises all the time is said with growing pauses, up to a minute, so that a steady
/// loss does not bury the other events.
public final class DropWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.drops");
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final int PAUSE_MAX = 60;

  /// What is known of one counter.
  private static final class Seen {
    long value;
    int pause = 1;
    int silent;

    Seen(long value) {
      this.value = value;
    }
  }

  private final Supplier<List<NodeView.Port>> ports;
  private final EventHub events;
  private final Map<String, Seen> seen = new HashMap<>();
  private final Thread thread;

  /// Watches until closed.
  ///
  /// @param ports  the ports and their counters now
  /// @param events gets the events
  public static DropWatch start(Supplier<List<NodeView.Port>> ports, EventHub events) {
    DropWatch watch = new DropWatch(ports, events);
    watch.thread.start();
    return watch;
  }

  DropWatch(Supplier<List<NodeView.Port>> ports, EventHub events) {
    this.ports = ports;
    this.events = events;
    this.thread = Thread.ofPlatform().daemon().name("braid-drops").unstarted(this::run);
  }

  private void run() {
    try {
      while (true) {
        try {
          look();
        } catch (IllegalStateException e) {
          LOG.debug("no look at the ports: {}", e.toString()); // the worker has ended or hangs
        }
        Thread.sleep(PERIOD);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  /// Compares once; what is there at the first look is not news.
  void look() {
    Set<String> present = new HashSet<>();
    for (NodeView.Port port : ports.get()) {
      port.counters()
          .forEach(
              (name, value) -> {
                if (NodeView.Port.loss(name)) {
                  String key = port.name() + ' ' + name;
                  present.add(key);
                  compare(seen.computeIfAbsent(key, k -> new Seen(value)), port, name, value);
                }
              });
    }
    seen.keySet().retainAll(present);
  }

  private void compare(Seen before, NodeView.Port port, String counter, long value) {
    before.silent++;
    if (value < before.value) {
      before.value = value; // another port of this name, which counts from 0
    } else if (value > before.value && before.silent >= before.pause) {
      events.publish(new NodeEvent.FramesDropped(port.name(), counter, value - before.value));
      boolean steady = before.silent == before.pause;
      before.pause = steady ? Math.min(PAUSE_MAX, before.pause * 2) : 1;
      before.value = value;
      before.silent = 0;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
