package braid.cli;

import braid.cli.control.NodeEvent;
import braid.port.Cable;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.ActiveChange;
import braid.ssi.Bond;
import braid.ssi.BondListener;
import braid.ssi.MemberLeft;
import braid.ssi.MemberState;
import braid.ssi.Reason;
import braid.ssi.Switch;
import braid.ssi.SwitchConfig;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A bond below guests in the running wiring, and the switch that its guests share.
///
/// ```
///   vm1, vm2 ── ends ── Switch ── Cable ── Bond ─┬─ end of NIC a0's switch
///                                               └─ FabricPort b/b0
/// ```
/// **Thread**: the control thread, except the listener's methods and what is said to be the
/// worker's.
final class BondUnit implements BondListener {
  /// Eight probes for each of the 64 members that there can be, and 64 announcements.
  private static final int CONTROL_FRAMES = 576;

  private final Engine engine;
  private final ControlFrames control = ControlFrames.of(CONTROL_FRAMES);
  private final Outlet outlet;
  private final Bond bond;
  private final TapPoint point;
  private final Cable cable;
  private final LinkWatch watch;
  private final Map<String, MemberUnit> members = new ConcurrentHashMap<>();
  private volatile BondSpec spec;
  private volatile LinkState link = LinkState.DOWN;

  private BondUnit(Engine engine, BondSpec spec) {
    this.engine = engine;
    this.spec = spec;
    Switch hub = new Switch(spec.name() + "/switch", SwitchConfig.DEFAULT, engine.clock());
    this.outlet = new Outlet(hub);
    this.bond = new Bond(spec.name(), hub, spec.settings(), control.pool(), engine.clock(), this);
    this.point = new TapPoint(bond);
    this.cable = new Cable(hub.uplink(), point);
    this.watch = new LinkWatch(bond, this::linkChanged);
  }

  /// Makes a bond without members.
  ///
  /// @throws ConfigException when its settings cannot be
  static BondUnit open(Engine engine, BondSpec spec) {
    try {
      BondUnit unit = new BondUnit(engine, spec);
      engine.run(
          () -> {
            engine.worker().add(unit.cable);
            engine.worker().add(unit.watch);
          });
      return unit;
    } catch (IllegalArgumentException e) {
      throw impossible(spec, e);
    }
  }

  private static ConfigException impossible(BondSpec spec, IllegalArgumentException e) {
    return new ConfigException(
        spec.toString(), String.valueOf(e.getMessage()), "Change its settings");
  }

  /// As it is configured now; any thread.
  BondSpec spec() {
    return spec;
  }

  /// Where guests are plugged in; the worker's.
  Outlet outlet() {
    return outlet;
  }

  /// The bond itself; the worker's.
  Bond bond() {
    return bond;
  }

  /// Where its frames can be watched.
  TapPoint point() {
    return point;
  }

  /// Its link as last seen; any thread.
  LinkState link() {
    return link;
  }

  /// Its members; any thread.
  Collection<MemberUnit> members() {
    return List.copyOf(members.values());
  }

  /// A member, or null; any thread.
  @Nullable MemberUnit member(String name) {
    return members.get(name);
  }

  /// Plugs a member in.
  ///
  /// @throws ConfigException when the bond does not take it
  void add(MemberUnit member) {
    try {
      engine.run(
          () -> {
            Port port = member.plug();
            try {
              bond.add(port, member.config());
            } catch (IllegalArgumentException e) {
              member.unplug();
              throw e;
            }
          });
    } catch (IllegalArgumentException e) {
      member.retire(engine);
      throw impossible(spec, e);
    }
    members.put(member.name(), member);
  }

  /// Takes a member out: what it held goes another way.
  void remove(String name) {
    MemberUnit member = members.remove(name);
    if (member != null) {
      engine.run(
          () -> {
            bond.remove(name);
            bond.flush();
            member.unplug();
          });
      member.retire(engine);
    }
  }

  /// Moves traffic off a member, or lets it come back.
  void drain(String name, boolean on) {
    engine.run(
        () -> {
          boolean _ = on ? bond.drain(name) : bond.undrain(name);
          bond.flush();
        });
  }

  /// Behaves otherwise from now on; members are somebody else's business.
  ///
  /// @throws ConfigException when it cannot; nothing has changed then
  void change(BondSpec next) {
    if (!next.settings().equals(spec.settings())) {
      try {
        engine.run(() -> bond.reconfigure(next.settings()));
      } catch (IllegalArgumentException e) {
        throw impossible(next, e);
      }
    }
    spec = next;
  }

  /// On the worker.
  private void linkChanged(LinkState state) {
    link = state;
    outlet.link(state);
  }

  @Override
  public void activeChanged(ActiveChange change) {
    engine
        .events()
        .publish(
            new NodeEvent.ActiveChanged(
                spec.name(),
                change.from(),
                change.to(),
                words(change.reason()),
                change.detectionNanos() / 1_000,
                change.resent(),
                change.dropped()));
  }

  private static String words(Reason reason) {
    return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  @Override
  public void memberLeft(MemberLeft left) {
    engine
        .events()
        .publish(
            new NodeEvent.MemberLeft(
                spec.name(),
                left.member(),
                words(left.reason()),
                left.detectionNanos() / 1_000,
                left.resent(),
                left.dropped()));
  }

  @Override
  public void memberChanged(String member, MemberState from, MemberState to) {
    engine
        .events()
        .publish(
            new NodeEvent.MemberChanged(spec.name(), member, Field.word(from), Field.word(to)));
  }

  /// Takes it out, with its members; its guests were unplugged before.
  void close() {
    members().forEach(member -> remove(member.name()));
    engine.run(
        () -> {
          engine.worker().remove(cable);
          engine.worker().remove(watch);
        });
    control.retire(engine);
  }

  @Override
  public String toString() {
    return spec.toString();
  }
}
