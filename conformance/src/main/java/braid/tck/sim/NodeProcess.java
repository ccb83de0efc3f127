package braid.tck.sim;

import braid.fabric.Environment;
import braid.fabric.FabricPort;
import braid.fabric.PeerInfo;
import braid.fabric.SessionHandler;
import braid.fabric.Sessions;
import braid.port.Cable;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import braid.ssi.Continuity;
import braid.ssi.EndConfig;
import braid.ssi.MepPort;
import braid.ssi.Switch;
import braid.ssi.SwitchConfig;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One node's process, wired as `braid node` wires it: a NIC behind a switch, sessions of other
/// nodes plugged into that, a guest below a bond.
/// ```
/// Vm ─ Switch ─ Bond ─┬───────────────────────── end of this node's ─ Switch ─ NicPort
///                     └─ FabricPort ═══ far node: FabricPort ─ MepPort ─ end ┘
/// ```
final class NodeProcess implements SessionHandler {
  private static final int CONTROL_FRAMES = 256;
  private static final int CONTROL_BYTES = 128;
  private static final int SESSIONS_MAX = 8;
  private static final int SPEED_MBPS = 1000;

  private final World world;
  private final Host host;
  private final Nic nic;
  private final Arena arena = Arena.ofConfined();
  private final FramePool control;
  private final NicPort nicPort;
  private final Switch nicSwitch;
  private final Environment environment;
  private final Sessions sessions;
  private final List<Lent> lent = new ArrayList<>();
  private @Nullable Tenant tenant;
  private LinkState carrier = LinkState.DOWN;

  /// A session of another node, plugged in.
  private record Lent(FabricPort session, String end, MepPort mep, Cable cable) {}

  NodeProcess(World world, int index) {
    this.world = world;
    Plan plan = world.plan();
    this.nic = world.nic(index);
    this.host = new Host(Plan.node(index), world.time(), world.random(), plan.drifts().get(index));
    this.control =
        new FramePool(
            arena.allocate(FramePool.bytesFor(CONTROL_FRAMES, CONTROL_BYTES), 64),
            CONTROL_BYTES,
            0);
    this.nicPort = new NicPort(nic, host, arena, world.book());
    this.nicSwitch = new Switch(nic.name() + "/switch", SwitchConfig.NIC, host.clock());
    this.environment =
        new Environment(
            host.name(), plan.window(), plan.timing(), host.clock(), world.random(), world::event);
    this.sessions = new Sessions(environment, SESSIONS_MAX);
    host.add(new Cable(nicSwitch.uplink(), nicPort));
    sessions.serve(nic.name(), this);
    host.add(sessions);
    world.network().register(this);
    host.submit(() -> carrier(nic.carrier()));
    Vm guest = world.guestOf(index);
    if (guest != null) {
      tenant = new Tenant(world, this, guest);
    }
  }

  Plan plan() {
    return world.plan();
  }

  Host host() {
    return host;
  }

  Arena arena() {
    return arena;
  }

  FramePool control() {
    return control;
  }

  Nic nic() {
    return nic;
  }

  Environment environment() {
    return environment;
  }

  Sessions sessions() {
    return sessions;
  }

  Switch nicSwitch() {
    return nicSwitch;
  }

  @Nullable Tenant tenant() {
    return tenant;
  }

  /// The process hears of its NIC's carrier.
  void carrier(boolean up) {
    carrier = up ? new LinkState(true, SPEED_MBPS) : LinkState.DOWN;
    nicPort.link(carrier);
    nicSwitch.carrier(carrier);
    lent.forEach(this::tell);
  }

  private void tell(Lent one) {
    one.session.announce(carrier);
    one.mep.uplink(carrier);
  }

  // SessionHandler

  @Override
  public void opened(FabricPort session, PeerInfo peer) {
    String end = peer.node() + "/" + peer.user();
    long mac = 0x0200_0000_ee00L + Plan.nodeIndex(peer.node()) * 16L + nic.index();
    MepPort mep =
        new MepPort(session, Continuity.NODE.every(plan().interval()), mac, control, host.clock());
    Port plugged = nicSwitch.attach(end, EndConfig.OPEN.reserved(true));
    Cable cable = new Cable(mep, plugged);
    host.add(cable);
    Lent one = new Lent(session, end, mep, cable);
    lent.add(one);
    tell(one);
  }

  @Override
  public void closed(FabricPort session, PeerInfo peer, String reason) {
    for (Lent one : List.copyOf(lent)) {
      if (one.session == session) {
        lent.remove(one);
        host.remove(one.cable);
        if (!nicSwitch.detach(one.end)) {
          throw new Violation("no end " + one.end + " at " + nicSwitch);
        }
      }
    }
  }

  /// Kills the process. Nothing of it runs any more; then, as nobody of it can, its memory is
  /// cleared up, and everything must be there.
  void kill() {
    host.kill();
    world.network().died(host);
    clear();
  }

  /// Takes it down in order: sessions say goodbye.
  void clear() {
    host.kill();
    if (tenant != null) {
      tenant.close();
    }
    nicPort.close();
    for (Port end : nicSwitch.ends()) {
      // Sessions' ends go with their sessions.
      if (lent.stream().noneMatch(one -> one.end.equals(end.name()))) {
        boolean _ = nicSwitch.detach(end.name());
      }
    }
    sessions.close("the end");
    empty(nicSwitch.uplink());
    boolean _ = sessions.pump() > 0;
    world.network().died(host);
    if (!control.balanced()) {
      throw new Violation(
          "node %s: %d of %d control frames are missing"
              .formatted(host.name(), control.size() - control.available(), control.size()));
    }
    if (!nicPort.balanced()) {
      throw new Violation("node " + host.name() + ": frames of its NIC are missing");
    }
    if (nicSwitch.copiesAvailable() != SwitchConfig.NIC.copyFrames()) {
      throw new Violation("node " + host.name() + ": copies of its NIC's switch are missing");
    }
    arena.close();
  }

  /// Releases what waits at the uplink of a switch.
  static void empty(Port uplink) {
    Frame[] batch = new Frame[64];
    for (int n = uplink.receive(batch, 64); n > 0; n = uplink.receive(batch, 64)) {
      for (int i = 0; i < n; i++) {
        batch[i].release();
      }
    }
  }
}
