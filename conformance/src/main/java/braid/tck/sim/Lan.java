package braid.tck.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// The network that all NICs are plugged into: one switch that learns and forgets nothing, and the
/// faults of its cables.
final class Lan {
  /// What is plugged into a port of it.
  interface Plug {
    /// A frame comes out of the network.
    void arrives(byte[] frame);
  }

  /// What is wrong with one cable.
  static final class Cable {
    /// Nothing comes out of the network any more, and no carrier shows it.
    boolean deaf;

    /// Nothing gets into the network any more, and no carrier shows it.
    boolean mute;

    /// Chance that a frame is lost, either way.
    double loss;

    /// Chance that a frame comes twice, either way.
    double doubling;

    /// Chance that a frame is late, and so overtaken.
    double lateness;

    void mend() {
      deaf = false;
      mute = false;
      loss = 0;
      doubling = 0;
      lateness = 0;
    }
  }

  private static final long LATE_NANOS = 2_000_000;

  private final Timeline time;
  private final RandomGenerator random;
  private final List<Plug> plugs = new ArrayList<>();
  private final List<Cable> cables = new ArrayList<>();
  private final Map<Long, Integer> learned = new HashMap<>();

  Lan(Timeline time, RandomGenerator random) {
    this.time = time;
    this.random = random;
  }

  /// Plugs something in.
  ///
  /// @return its port
  int plug(Plug plug) {
    plugs.add(plug);
    cables.add(new Cable());
    return plugs.size() - 1;
  }

  Cable cable(int port) {
    return cables.get(port);
  }

  /// A frame from what is plugged in at `port`.
  void send(byte[] frame, int port) {
    Cable cable = cables.get(port);
    if (cable.mute) {
      return;
    }
    pass(cable, () -> forward(frame, port));
  }

  private void pass(Cable cable, Runnable next) {
    if (happens(cable.loss)) {
      return;
    }
    if (happens(cable.doubling)) {
      next.run();
    }
    if (happens(cable.lateness)) {
      time.after(random.nextLong(LATE_NANOS), next);
    } else {
      next.run();
    }
  }

  private boolean happens(double chance) {
    return chance > 0 && random.nextDouble() < chance;
  }

  private void forward(byte[] frame, int port) {
    learned.put(Frames.mac(frame, 6), port);
    Integer known = Frames.group(frame) ? null : learned.get(Frames.mac(frame, 0));
    for (int i = 0; i < plugs.size(); i++) {
      if (i != port && (known == null || known == i)) {
        Plug plug = plugs.get(i);
        Cable cable = cables.get(i);
        if (!cable.deaf) {
          pass(cable, () -> plug.arrives(frame));
        }
      }
    }
  }
}
