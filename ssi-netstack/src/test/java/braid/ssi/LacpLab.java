package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.SimClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Systems that speak LACP over cables, under virtual time. Each turn lasts 5 ms, which is also how
/// long a frame travels.
final class LacpLab {
  static final long MS = 1_000_000;
  static final long TURN = 5 * MS;
  static final LacpConfig FAST = new LacpConfig(LacpRate.FAST, true, 0, AdSelect.STABLE, 65_535, 0);
  static final LinkState GIGABIT = new LinkState(true, 1_000);

  final SimClock clock = new SimClock(7_000_000_000L);
  final Pools pools;
  final Random random;
  final List<System> systems = new ArrayList<>();
  final List<Cable> cables = new ArrayList<>();

  LacpLab(Pools pools, long seed) {
    this.pools = pools;
    this.random = new Random(seed);
  }

  /// One end: a bond's worth of LACP.
  final class System {
    final long mac;
    Lacp lacp;
    final List<LacpPort> ports = new ArrayList<>();
    boolean running = true;
    int changes;
    int sent;
    int wrong;

    private System(long mac, LacpConfig config, int count) {
      this.mac = mac;
      lacp = new Lacp(config, mac);
      for (int i = 0; i < count; i++) {
        ports.add(lacp.add("p" + i, mac + 1 + i));
      }
    }

    /// The process starts anew: all forgotten.
    void restart(LacpConfig config) {
      lacp = new Lacp(config, mac);
      int count = ports.size();
      ports.clear();
      for (int i = 0; i < count; i++) {
        ports.add(lacp.add("p" + i, mac + 1 + i));
      }
      for (Cable cable : cables) {
        cable.plugged();
      }
    }

    /// Which ports distribute.
    List<Integer> distributing() {
      List<Integer> out = new ArrayList<>();
      for (int i = 0; i < ports.size(); i++) {
        if (lacp.distributing(ports.get(i))) {
          out.add(i);
        }
      }
      return out;
    }

    List<Integer> collecting() {
      List<Integer> out = new ArrayList<>();
      for (int i = 0; i < ports.size(); i++) {
        if (lacp.collecting(ports.get(i))) {
          out.add(i);
        }
      }
      return out;
    }

    LacpStatus status(int port) {
      return lacp.status().get(port);
    }

    private void turn() {
      if (!running) {
        return;
      }
      long now = clock.nanos();
      if (now >= lacp.deadline() || news) {
        news = false;
        changes += lacp.turn(now) ? 1 : 0;
        for (int i = 0; i < ports.size(); i++) {
          while (lacp.due(ports.get(i), now)) {
            Frame frame = pools.control.take();
            lacp.write(ports.get(i), frame, now);
            sent++;
            put(this, i, frame.toBytes());
            frame.release();
          }
        }
        assertThat(lacp.deadline()).as("nothing left to do now").isGreaterThan(now);
      }
    }

    private boolean news = true;

    void hear(int port, byte[] bytes) {
      if (running) {
        Frame frame = pools.frame(bytes);
        if (lacp.heard(ports.get(port), frame, clock.nanos()) == Lacp.Heard.WRONG) {
          wrong++;
        }
        frame.release();
        news = true;
      }
    }
  }

  /// Joins two ports.
  final class Cable {
    System a;
    int aPort;
    System b;
    int bPort;
    LinkState link = GIGABIT;

    /// Chances that a frame is lost, each way.
    double lossToB;

    double lossToA;
    private final List<byte[]> toA = new ArrayList<>();
    private final List<byte[]> toB = new ArrayList<>();

    private Cable(System a, int aPort, System b, int bPort) {
      this.a = a;
      this.aPort = aPort;
      this.b = b;
      this.bPort = bPort;
    }

    void link(LinkState state) {
      link = state;
      plugged();
    }

    private void plugged() {
      toA.clear();
      toB.clear();
      a.lacp.link(a.ports.get(aPort), link, clock.nanos());
      b.lacp.link(b.ports.get(bPort), link, clock.nanos());
      a.news = true;
      b.news = true;
    }

    private void deliver() {
      List<byte[]> forA = List.copyOf(toA);
      List<byte[]> forB = List.copyOf(toB);
      toA.clear();
      toB.clear();
      forA.forEach(bytes -> a.hear(aPort, bytes));
      forB.forEach(bytes -> b.hear(bPort, bytes));
    }
  }

  System system(long mac, LacpConfig config, int ports) {
    System system = new System(mac, config, ports);
    systems.add(system);
    return system;
  }

  Cable cable(System a, int aPort, System b, int bPort) {
    Cable cable = new Cable(a, aPort, b, bPort);
    cables.add(cable);
    cable.plugged();
    return cable;
  }

  /// Two cables change their far ends; for a moment there is no carrier.
  void swap(Cable one, Cable other) {
    one.link(LinkState.DOWN);
    other.link(LinkState.DOWN);
    System b = one.b;
    int port = one.bPort;
    one.b = other.b;
    one.bPort = other.bPort;
    other.b = b;
    other.bPort = port;
    turn();
    one.link(GIGABIT);
    other.link(GIGABIT);
  }

  private void put(System from, int port, byte[] bytes) {
    for (Cable cable : cables) {
      if (!cable.link.up()) {
        continue;
      }
      if (cable.a == from && cable.aPort == port && random.nextDouble() >= cable.lossToB) {
        cable.toB.add(bytes);
      } else if (cable.b == from && cable.bPort == port && random.nextDouble() >= cable.lossToA) {
        cable.toA.add(bytes);
      }
    }
  }

  void turn() {
    systems.forEach(System::turn);
    clock.advance(TURN);
    cables.forEach(Cable::deliver);
  }

  void run(long millis) {
    for (long end = clock.nanos() + millis * MS; clock.nanos() < end; ) {
      turn();
    }
  }

  /// Runs until `system` distributes on these ports.
  ///
  /// @return milliseconds that it took
  long until(System system, List<Integer> ports, long millisMax) {
    long start = clock.nanos();
    while (!system.distributing().equals(ports)) {
      assertThat(clock.nanos() - start)
          .as(() -> "still " + system.distributing() + ": " + system.lacp.status())
          .isLessThan(millisMax * MS);
      turn();
    }
    return (clock.nanos() - start) / MS;
  }
}
