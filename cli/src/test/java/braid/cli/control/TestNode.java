package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.CONFLICT;
import static braid.cli.control.RefusedException.Kind.FAILED;
import static braid.cli.control.RefusedException.Kind.INVALID;

import braid.port.Cable;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.ParkWaiter;
import braid.port.PipePort;
import braid.port.Port;
import braid.port.TapPoint;
import braid.port.Worker;
import braid.ssi.ActiveChange;
import braid.ssi.Bond;
import braid.ssi.BondConfig;
import braid.ssi.BondListener;
import braid.ssi.BondMode;
import braid.ssi.Carrier;
import braid.ssi.LocalAddresses;
import braid.ssi.MemberConfig;
import braid.ssi.MemberState;
import braid.ssi.MemberStatus;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/// A small node of real parts: a guest's pipe, a bond and two NICs in memory, on one worker. What
/// it cannot do (other nodes, files) is plain state that tests set.
public final class TestNode implements NodeControl, BondListener, AutoCloseable {
  public static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  private static final long GUEST_MAC = 0x0200_0000_0001L;

  public final PipePort guest = new PipePort("vm1", "driver", 256);
  public final Map<String, PipePort> wires = new LinkedHashMap<>();
  public final List<String> failures = new CopyOnWriteArrayList<>();
  public final List<String> warnings = new CopyOnWriteArrayList<>();
  public final Map<String, String> options = new ConcurrentHashMap<>();
  public volatile NodeView.NicMap map = nicMap(7, false);
  public volatile List<String> reloadChanges = List.of("nic a2: added", "bond bond0: hold 1000");
  public volatile boolean reloadRefuses;
  public volatile boolean neverDrained;
  public final CountDownLatch hang = new CountDownLatch(1);
  public volatile boolean hangs;

  private final EventHub events = new EventHub(InstantSource.system());
  private final Arena arena = Arena.ofShared();
  public final FramePool data =
      new FramePool(arena.allocate(FramePool.bytesFor(512, 2048)), 2048, 0);
  private final FramePool control =
      new FramePool(arena.allocate(FramePool.bytesFor(64, 192)), 192, 0);
  public final Worker worker = new Worker("test", Clock.SYSTEM, new ParkWaiter(), 0);
  private final Bond bond;
  private final Map<String, TapPoint> taps = new ConcurrentHashMap<>();
  private final List<Port> ports = new ArrayList<>();
  private final List<Consumer<NodeView.NicMap>> watchers = new CopyOnWriteArrayList<>();

  public TestNode() {
    BondConfig config =
        BondConfig.DEFAULT
            .withMonitors(Carrier.ONLY)
            .withHold(0, 0, 0)
            .withAnnouncements(0, 1_000_000);
    bond = new Bond("bond0", LocalAddresses.of(GUEST_MAC), config, control, worker.clock(), this);
    for (int i = 0; i < 2; i++) {
      PipePort nic = new PipePort("a" + i, "wire" + i, 256);
      wires.put(nic.name(), nic);
      bond.add(tap(nic), new MemberConfig(nic.name(), 0x0200_0000_0010L + i, -i, 0));
    }
    worker.add(new Cable(tap(guest), tap(bond)));
    worker.start();
  }

  private TapPoint tap(Port port) {
    TapPoint tap = new TapPoint(port);
    taps.put(port.name(), tap);
    ports.add(port);
    return tap;
  }

  public static NodeView.NicMap nicMap(long version, boolean stale) {
    return new NodeView.NicMap(
        version,
        stale,
        stale ? "1 of 3 nodes is no majority" : "",
        START,
        List.of(
            new NodeView.Nic(
                "node-a",
                "a0",
                "tap",
                "02:00:00:00:00:10",
                true,
                1000,
                1500,
                List.of("csum", "tso4"),
                12,
                "10.9.0.1:7470"),
            new NodeView.Nic(
                "node-b",
                "b0",
                "packet",
                "02:00:00:00:00:20",
                false,
                0,
                9000,
                List.of(),
                0,
                "10.9.0.2:7470")));
  }

  /// The guest's driver sends a frame; it passes to the member in use.
  public void sendFromGuest(byte... bytes) {
    worker.submit(
        () -> {
          Frame frame = data.take();
          frame.write(bytes);
          guest.far().send(new Frame[] {frame}, 1);
        });
  }

  /// Takes what came out at the far ends.
  public int sweep() {
    return worker.call(
        () -> {
          Frame[] batch = new Frame[64];
          int count = 0;
          for (PipePort wire : wires.values()) {
            int taken = wire.far().receive(batch, 64);
            for (int i = 0; i < taken; i++) {
              batch[i].release();
            }
            count += taken;
          }
          return count;
        });
  }

  public void carrier(String nic, boolean up) {
    worker.submit(() -> wires.get(nic).carrier(up ? LinkState.UP : LinkState.DOWN));
  }

  public void publish(NodeView.NicMap next) {
    map = next;
    watchers.forEach(watcher -> watcher.accept(next));
  }

  @Override
  public NodeView.Status status() {
    if (hangs) {
      try {
        hang.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
    }
    List<NodeView.Port> views = new ArrayList<>();
    for (Port port : ports) {
      Map<String, Long> counters = new LinkedHashMap<>();
      for (Counter counter : port.counters().all()) {
        counters.put(counter.name(), counter.get());
      }
      NodeView.PortKind kind =
          port == guest
              ? NodeView.PortKind.GUEST
              : port == bond ? NodeView.PortKind.BOND : NodeView.PortKind.NIC;
      LinkState link = worker.call(port::link);
      views.add(new NodeView.Port(port.name(), kind, link.up(), link.speedMbps(), counters));
    }
    return new NodeView.Status(
        "node-a",
        "0.1.0",
        4711,
        START,
        "/etc/braid/braid.yaml",
        START.plusSeconds(5),
        failures,
        warnings,
        new NodeView.Directory(
            "file", map.stale(), map.reason(), map.version(), List.of("node-a", "node-b")),
        List.of(
            new NodeView.Guest(
                "vm1", "/run/braid/vm1.sock", true, "02:00:00:00:00:01", 1500, "bond0")),
        List.of(bondView()),
        List.of(
            new NodeView.Peer(
                "node-b",
                "10.9.0.2:7470",
                NodeView.PeerState.LOST,
                "no sign of life for 35 ms",
                START.plusSeconds(60),
                Map.of("records", 17L))),
        views);
  }

  private NodeView.Bond bondView() {
    return worker.call(
        () -> {
          List<NodeView.Member> members = new ArrayList<>();
          for (MemberStatus each : bond.members()) {
            members.add(
                new NodeView.Member(
                    each.name(),
                    "node-a",
                    each.state().name().toLowerCase(Locale.ROOT),
                    each.active(),
                    options.containsKey("drained " + each.name()),
                    each.link().up(),
                    each.link().speedMbps(),
                    0,
                    0,
                    each.failures(),
                    each.missed(),
                    each.silenceNanos() / 1000));
          }
          String active = bond.activeMember();
          return new NodeView.Bond(
              "bond0",
              options.getOrDefault("mode", "active-backup"),
              bond.link().up(),
              bond.link().speedMbps(),
              active.equals(ActiveChange.NONE) ? "" : active,
              Map.of("hold", options.getOrDefault("hold", "500")),
              members);
        });
  }

  @Override
  public NodeView.NicMap nics() {
    return map;
  }

  @Override
  public Watch watchNics(Consumer<NodeView.NicMap> listener) {
    listener.accept(map);
    watchers.add(listener);
    return () -> watchers.remove(listener);
  }

  private void known(String name) {
    if (!name.equals("bond0")) {
      throw new RefusedException(INVALID, "there is no bond '" + name + "'", "Known: bond0");
    }
  }

  @Override
  public void setActive(String name, String member) {
    known(name);
    if (!worker.call(() -> bond.setActive(member))) {
      throw new RefusedException(
          CONFLICT, "bond0: member '" + member + "' is not healthy", "See braid bond show.");
    }
  }

  @Override
  public void setMode(String name, String mode) {
    known(name);
    try {
      options.put("mode", BondMode.of(mode).text());
    } catch (IllegalArgumentException e) {
      throw new RefusedException(INVALID, String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void setOption(String name, String option, String value) {
    known(name);
    options.put(option, value);
  }

  @Override
  public void addNic(NodeView.NicSpec nic) {
    if (!nic.settings().containsKey("tap")) {
      throw new RefusedException(INVALID, "nic " + nic.name() + " lacks 'tap'", "Add it.");
    }
    options.put("nic " + nic.name(), nic.settings().toString());
  }

  @Override
  public void removeNic(String name, boolean force) {
    if (!force) {
      throw new RefusedException(
          CONFLICT, name + " is the last usable member of bond0", "Use --force.");
    }
    options.put("removed", name);
  }

  @Override
  public void drainNic(String name, Duration patience) {
    if (neverDrained) {
      throw new RefusedException(
          FAILED, "nic " + name + " still holds 3 frames after " + patience, "It stays unused.");
    }
    options.put("drained " + name, patience.toString());
  }

  @Override
  public void undrainNic(String name) {
    options.remove("drained " + name);
  }

  @Override
  public List<String> reload() {
    if (reloadRefuses) {
      throw new RefusedException(
          INVALID, "/etc/braid/braid.yaml:7: unknown key 'nicz'", "Did you mean 'nics'?");
    }
    return reloadChanges;
  }

  @Override
  public EventHub events() {
    return events;
  }

  @Override
  public Map<String, TapPoint> taps() {
    return Map.copyOf(taps);
  }

  @Override
  public void activeChanged(ActiveChange change) {
    events.publish(
        new NodeEvent.ActiveChanged(
            "bond0",
            change.from(),
            change.to(),
            change.reason().name().toLowerCase(Locale.ROOT).replace('_', ' '),
            change.detectionNanos() / 1000,
            change.resent(),
            change.dropped()));
  }

  @Override
  public void memberChanged(String member, MemberState from, MemberState to) {
    events.publish(
        new NodeEvent.MemberChanged(
            "bond0",
            member,
            from.name().toLowerCase(Locale.ROOT),
            to.name().toLowerCase(Locale.ROOT)));
  }

  @Override
  public void close() {
    hang.countDown();
    worker.close();
    events.close();
    arena.close();
  }
}
