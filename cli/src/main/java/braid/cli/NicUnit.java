package braid.cli;

import braid.cli.control.NodeEvent;
import braid.kernel.Link;
import braid.kernel.LinuxException;
import braid.kernel.Tap;
import braid.kernel.TapPort;
import braid.port.Cable;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.Switch;
import braid.ssi.SwitchConfig;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A NIC of this node in the running wiring: a switch that all its users share, and the TAP.
///
/// ```
///   bond0, vm1, beta/bond0 ── ends ── Switch ── Cable ── TapPort ── brd-a0 ── br0 ── eth0
/// ```
/// **A NIC that vanishes** (USB pulled, interface deleted) loses its carrier and stays: bonds use
/// their other members. When the interface is there again it is put into its bridge again; a TAP
/// that somebody deleted is made again.
///
/// **Thread**: the control thread, except [#linkEvent] and what is said to be the worker's.
final class NicUnit {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");
  private static final int TAP_FRAMES = 128;

  private final Engine engine;
  private final Plug plug;
  private final Outlet outlet;
  private final MemorySegment memory;
  private final TapPort port;
  private final TapPoint point;
  private final Cable cable;
  private volatile NicSpec spec;
  private volatile LinkState state = LinkState.DOWN;
  private volatile boolean incomplete;
  private volatile boolean draining;
  private int mtu;

  private NicUnit(Engine engine, Plug plug, NicSpec spec, int mtu, Tap tap) {
    this.engine = engine;
    this.plug = plug;
    this.spec = spec;
    this.mtu = mtu;
    this.memory = Engine.memory(TapPort.memoryFor(TAP_FRAMES));
    this.port = new TapPort(spec.name(), tap, engine.ring(), engine.clock(), memory);
    this.point = new TapPoint(port);
    Switch hub = new Switch(spec.name() + "/switch", SwitchConfig.NIC, engine.clock());
    this.outlet = new Outlet(hub);
    this.cable = new Cable(hub.uplink(), point);
  }

  /// Makes the TAP, puts it into its bridge, and joins it with a switch that has no user yet.
  ///
  /// @param mtu of the TAP, bytes
  /// @throws LinuxException  when the kernel refuses; nothing is left then
  /// @throws ConfigException when the uplink is not there; nothing is left then
  static NicUnit open(Engine engine, Plug plug, NicSpec spec, int mtu) {
    Tap tap = Tap.open(spec.tap());
    NicUnit unit = new NicUnit(engine, plug, spec, mtu, tap);
    try {
      plug.in(spec, mtu);
      unit.state = unit.stateOf(plug.require(spec.watched()), true);
    } catch (RuntimeException e) {
      tap.close();
      throw e;
    }
    engine.run(
        () -> {
          unit.tell(unit.state);
          engine.worker().add(unit.cable);
        });
    return unit;
  }

  /// As it is configured now.
  NicSpec spec() {
    return spec;
  }

  /// Where its users are plugged in; the worker's.
  Outlet outlet() {
    return outlet;
  }

  /// The TAP, where its frames can be watched.
  TapPoint point() {
    return point;
  }

  /// Carrier and speed as last reported; any thread.
  LinkState link() {
    return state;
  }

  /// Bytes of payload.
  int mtu() {
    return mtu;
  }

  /// Its interface, its bridge or its uplink is missing; any thread.
  boolean incomplete() {
    return incomplete;
  }

  /// No new traffic is to use it; any thread.
  boolean draining() {
    return draining;
  }

  void draining(boolean on) {
    draining = on;
  }

  /// Frames that the kernel has not taken yet; the worker.
  int inFlight() {
    return port.inFlight();
  }

  /// An interface changed; the link monitor's thread. What the carrier means to traffic is said to
  /// the worker at once.
  void linkEvent(Link link, boolean present) {
    NicSpec now = spec;
    String changed = link.name();
    if (changed.equals(now.watched())) {
      LinkState next = stateOf(link, present);
      boolean news = next.up() != state.up();
      state = next;
      // Also what is no news: the way that it goes must not be new when it matters.
      engine.worker().submit(() -> tell(next));
      if (news) {
        engine.events().publish(new NodeEvent.LinkChanged(now.name(), changed, next.up(), present));
      }
    }
    boolean ours =
        changed.equals(now.tap()) || changed.equals(now.uplink()) || changed.equals(now.bridge());
    if (ours && (!present || incomplete)) {
      incomplete = true;
      engine.later(this::restore);
    }
  }

  private LinkState stateOf(Link link, boolean present) {
    if (!present || !link.carrier()) {
      return LinkState.DOWN;
    }
    if (spec.speedMbps() > 0 || spec.uplink() == null) {
      // What a TAP says of its speed means nothing.
      return new LinkState(true, spec.speedMbps());
    }
    return new LinkState(true, Speeds.of(link.name()));
  }

  private void tell(LinkState next) {
    port.setLink(next);
    outlet.link(next);
  }

  /// Puts together again what was taken apart, as far as it is there. Called when an interface
  /// comes or goes, and now and then while something is missing.
  void restore() {
    if (!incomplete) {
      return;
    }
    try {
      String uplink = spec.uplink();
      if (uplink != null && !plug.present(uplink)) {
        return;
      }
      if (!plug.present(spec.tap()) || engine.call(port::gone)) {
        attach(Tap.open(spec.tap()));
      }
      plug.in(spec, mtu);
      incomplete = false;
      LOG.info("nic {}: {} is in its place again", spec.name(), spec.watched());
    } catch (LinuxException | ConfigException e) {
      LOG.warn("nic {} is not complete yet: {}", spec.name(), e.getMessage());
    }
  }

  private void attach(Tap tap) {
    engine.run(
        () -> {
          port.attach(tap);
          tell(state);
        });
  }

  /// Becomes what the next configuration says, with all users plugged in.
  ///
  /// @throws LinuxException  when the kernel refuses
  /// @throws ConfigException when the new uplink is not there
  void change(NicSpec next, int nextMtu) {
    NicSpec before = spec;
    boolean moved =
        !next.tap().equals(before.tap())
            || !Objects.equals(next.bridge(), before.bridge())
            || !Objects.equals(next.uplink(), before.uplink());
    Tap tap = next.tap().equals(before.tap()) ? null : Tap.open(next.tap());
    spec = next;
    mtu = nextMtu;
    if (tap != null) {
      attach(tap);
    }
    if (moved) {
      plug.in(next, nextMtu);
    } else if (!incomplete) {
      plug.mtu(next, nextMtu);
    }
    linkEvent(plug.require(next.watched()), true);
  }

  /// Another MTU, since other guests are behind it now.
  void mtu(int bytes) {
    if (bytes != mtu) {
      mtu = bytes;
      if (!incomplete) {
        plug.mtu(spec, bytes);
      }
    }
  }

  /// Takes it out; its users were unplugged before. The TAP goes with it.
  void close() {
    engine.run(
        () -> {
          engine.worker().remove(cable);
          // What users gave before they left goes out.
          cable.pump();
          port.close();
        });
    engine.retire(memory, () -> port.outstanding() == 0);
  }

  /// The port that counts, for the log.
  Port counted() {
    return port;
  }

  @Override
  public String toString() {
    return spec.toString();
  }
}
