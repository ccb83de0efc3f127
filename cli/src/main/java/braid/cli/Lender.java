package braid.cli;

import braid.fabric.FabricPort;
import braid.fabric.PeerInfo;
import braid.fabric.SessionHandler;
import braid.fabric.directory.Ownership;
import braid.port.Cable;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.Continuity;
import braid.ssi.EndConfig;
import braid.ssi.MepPort;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets bonds of other nodes use a NIC of ours: each session is one more user of its switch, behind
/// an end of a continuity check, so that the far bond sees carrier and silence as if the NIC were
/// its own.
///
/// ```
///   FabricPort(session) ── MepPort ── OwnerGuard ── Cable ── end of the NIC's switch
/// ```
/// **Thread**: the worker's.
final class Lender implements SessionHandler {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");
  private static final int CONTROL_FRAMES = 16;

  /// One session, plugged in.
  private record Lent(
      FabricPort session,
      String end,
      MepPort mep,
      OwnerGuard guard,
      TapPoint point,
      Cable cable,
      ControlFrames control) {}

  private final Engine engine;
  private final NicUnit nic;
  private final Supplier<List<Ownership>> owners;
  private final List<Lent> lent = new ArrayList<>();

  /// @param owners who owns which address, as last heard; any thread
  Lender(Engine engine, NicUnit nic, Supplier<List<Ownership>> owners) {
    this.engine = engine;
    this.nic = nic;
    this.owners = owners;
  }

  @Override
  public void opened(FabricPort session, PeerInfo peer) {
    String end = peer.node() + "/" + peer.user() + "@" + nic.spec().name();
    ControlFrames control = ControlFrames.of(CONTROL_FRAMES);
    MepPort mep =
        new MepPort(session, Continuity.NODE, Macs.of(end), control.pool(), engine.clock());
    OwnerGuard guard = new OwnerGuard(mep, peer.node());
    guard.owners(owners.get());
    TapPoint point = new TapPoint(guard);
    Port plugged =
        nic.outlet().plug(end, EndConfig.OPEN.reserved(true), state -> tell(session, mep, state));
    Cable cable = new Cable(point, plugged);
    engine.worker().add(cable);
    lent.add(new Lent(session, end, mep, guard, point, cable, control));
    LOG.info("nic {}: {} uses it from {}", nic.spec().name(), peer, peer.address());
  }

  @Override
  public void closed(FabricPort session, PeerInfo peer, String reason) {
    for (Lent one : List.copyOf(lent)) {
      if (one.session == session) {
        lent.remove(one);
        engine.worker().remove(one.cable);
        nic.outlet().unplug(one.end);
        engine.later(() -> one.control.retire(engine));
        LOG.info("nic {}: {} uses it no more ({})", nic.spec().name(), peer, reason);
      }
    }
  }

  /// A NIC that is drained is as good as down to others: their bonds take back what has no answer
  /// and use another.
  private void tell(FabricPort session, MepPort mep, LinkState state) {
    LinkState shown = nic.draining() ? LinkState.DOWN : state;
    session.announce(shown);
    mep.uplink(shown);
  }

  /// The NIC is drained, or used again.
  void refresh() {
    for (Lent one : lent) {
      tell(one.session, one.mep, nic.outlet().link());
    }
  }

  /// The directory says who owns what.
  void owners(List<Ownership> now) {
    lent.forEach(one -> one.guard.owners(now));
  }

  /// Where sessions' frames can be watched.
  List<TapPoint> points() {
    return lent.stream().map(Lent::point).toList();
  }

  /// Frames that came from other nodes so far.
  long received() {
    return lent.stream().mapToLong(one -> one.session.counters().rxFrames.get()).sum();
  }
}
