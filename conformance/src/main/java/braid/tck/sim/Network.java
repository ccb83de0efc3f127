package braid.tck.sim;

import braid.fabric.Dialer;
import braid.fabric.Ending;
import braid.fabric.FabricEvent;
import braid.fabric.FabricPort;
import braid.fabric.RemoteNic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/// The network between the nodes, over which the fabric's connections run: latency, one-way and
/// two-way cuts, and the nodes that can be reached.
final class Network {
  private static final long MS = 1_000_000;
  private static final long REFUSED_NANOS = MS;

  /// How long TCP waits at most before it tries again after a cut was mended: a few doublings of
  /// its 200 ms are spared by the keep-alive of probes.
  private static final long RETRY_NANOS = 250 * MS;

  private final Timeline time;
  private final RandomGenerator random;
  private final Map<String, NodeProcess> processes = new HashMap<>();
  private final Set<String> cuts = new HashSet<>();
  private final List<Wire> wires = new ArrayList<>();

  Network(Timeline time, RandomGenerator random) {
    this.time = time;
    this.random = random;
  }

  Timeline time() {
    return time;
  }

  RandomGenerator random() {
    return random;
  }

  /// `process` is what now answers at its name.
  void register(NodeProcess process) {
    processes.put(process.host().name(), process);
  }

  /// Nothing gets from one to the other any more, whatever the other way does.
  void cut(String from, String to) {
    cuts.add(from + ">" + to);
  }

  /// It does again; what was sent meanwhile is repeated after a while.
  void mend(String from, String to) {
    if (cuts.remove(from + ">" + to)) {
      time.after(random.nextLong(RETRY_NANOS), () -> wires.forEach(Wire::retry));
    }
  }

  boolean blocked(String from, String to) {
    return cuts.contains(from + ">" + to);
  }

  /// Breaks every connection between the two, as a middlebox that lost its table does.
  void reset(String one, String other) {
    for (Wire wire : List.copyOf(wires)) {
      if (wire.between(one, other)) {
        wire.reset();
      }
    }
  }

  /// A process was killed: its kernel closes its sockets.
  void died(Host host) {
    for (Wire wire : List.copyOf(wires)) {
      wire.died(host);
    }
    wires.removeIf(Wire::over);
  }

  /// How a process makes connections.
  Dialer dialer(NodeProcess from) {
    return (remote, port) -> time.after(latency() * 3, () -> connect(from, remote, port));
  }

  private void connect(NodeProcess from, RemoteNic remote, FabricPort port) {
    Host caller = from.host();
    if (caller.dead()) {
      return;
    }
    NodeProcess to = processes.get(remote.node());
    boolean silent = blocked(caller.name(), remote.node()) || blocked(remote.node(), caller.name());
    if (to == null || to.host().dead() || silent || to.host().paused()) {
      // A silent way takes as long as the connection's time limit allows.
      long after = silent ? from.plan().timing().handshake() : REFUSED_NANOS;
      Ending why = new Ending(FabricEvent.Kind.UNREACHABLE, "nobody answers at " + remote.node());
      caller.io(after, () -> caller.submit(() -> port.failed(why)));
      return;
    }
    wires.removeIf(Wire::over);
    Wire wire = new Wire(this, from, to);
    wires.add(wire);
    caller.submit(() -> port.dialed(wire.near()));
    to.host().submit(() -> to.sessions().accepted(wire.far()));
  }

  long latency() {
    return 20_000 + random.nextLong(60_000);
  }
}
