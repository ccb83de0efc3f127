package braid.cli;

import braid.fabric.directory.NicMap;
import braid.fabric.directory.NicRecord;
import braid.kernel.Link;
import braid.kernel.LinuxException;
import braid.ssi.MemberConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is plugged in where: the NICs, bonds and guests of a running node, and how one
/// configuration becomes the next without disturbing what stays.
///
/// **Order of a change**: first all that can fail is opened while everything old still stands (a
/// failure here undoes itself, and nothing has changed); then what goes is taken out, guests first,
/// NICs last; then what stays changes and moves; the new guests' sockets answer at the very end.
///
/// **Thread**: the control thread; [#linkEvent], [#nics], [#bonds] and [#guests] any.
final class Wiring {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");

  private final Engine engine;
  private final Plug plug;
  private final Cluster cluster;
  private final Map<String, NicUnit> nics = new ConcurrentHashMap<>();
  private final Map<String, BondUnit> bonds = new ConcurrentHashMap<>();
  private final Map<String, GuestUnit> guests = new ConcurrentHashMap<>();

  Wiring(Engine engine, Plug plug, Cluster cluster) {
    this.engine = engine;
    this.plug = plug;
    this.cluster = cluster;
  }

  Collection<NicUnit> nics() {
    return nics.values();
  }

  @Nullable NicUnit nic(String name) {
    return nics.get(name);
  }

  Collection<BondUnit> bonds() {
    return bonds.values();
  }

  @Nullable BondUnit bond(String name) {
    return bonds.get(name);
  }

  Collection<GuestUnit> guests() {
    return guests.values();
  }

  /// An interface changed; the link monitor's thread.
  void linkEvent(Link link, boolean present) {
    nics.values().forEach(nic -> nic.linkEvent(link, present));
  }

  /// Makes of the running wiring what `next` says.
  ///
  /// @param diff between what runs and `next`
  /// @return what of it could not be done, a line each: those things are as they were, or out
  /// @throws ConfigException when it cannot be; nothing has changed then
  /// @throws LinuxException  when the kernel refuses a new thing; nothing has changed then
  List<String> apply(ConfigDiff diff, NodeConfig next) {
    openNew(diff, next);
    List<String> problems = new ArrayList<>();
    diff.guests().removed().forEach(guest -> close(guest.name()));
    for (ConfigDiff.Change<GuestSpec> change : diff.guests().changed()) {
      if (!change.before().sameDevice(change.after())) {
        close(change.after().name());
      }
    }
    for (ConfigDiff.Change<NicSpec> change : diff.nics().changed()) {
      attempt(problems, change.after(), () -> change(change.after(), next));
    }
    diff.guests().changed().forEach(change -> move(problems, change.after()));
    diff.bonds().removed().forEach(bond -> closeBond(bond.name()));
    bonds.values().forEach(bond -> reseat(problems, bond, diff.nics().removed()));
    diff.nics().removed().forEach(nic -> closeNic(nic.name()));
    List<GuestUnit> fresh = new ArrayList<>();
    for (GuestSpec guest : next.guests()) {
      if (!guests.containsKey(guest.name())) {
        attempt(problems, guest, () -> fresh.add(open(guest)));
      }
    }
    next.nics().forEach(nic -> attempt(problems, nic, () -> mtu(nic, next)));
    fresh.forEach(guest -> attempt(problems, guest, guest::start));
    return problems;
  }

  /// New NICs and bonds, and new settings of old bonds: all of them, or none.
  private void openNew(ConfigDiff diff, NodeConfig next) {
    List<NicUnit> opened = new ArrayList<>();
    List<BondUnit> made = new ArrayList<>();
    List<ConfigDiff.Change<BondSpec>> changed = new ArrayList<>();
    try {
      for (NicSpec nic : diff.nics().added()) {
        opened.add(NicUnit.open(engine, plug, nic, next.mtuOf(nic)));
      }
      for (BondSpec bond : diff.bonds().added()) {
        made.add(BondUnit.open(engine, bond));
      }
      for (ConfigDiff.Change<BondSpec> change : diff.bonds().changed()) {
        unit(bonds, change.after().name()).change(change.after());
        changed.add(change);
      }
    } catch (RuntimeException e) {
      changed.forEach(change -> unit(bonds, change.before().name()).change(change.before()));
      made.forEach(BondUnit::close);
      opened.forEach(nic -> discard(nic));
      throw e;
    }
    for (NicUnit nic : opened) {
      nics.put(nic.spec().name(), nic);
      cluster.lend(nic);
    }
    made.forEach(bond -> bonds.put(bond.spec().name(), bond));
  }

  private static <T> T unit(Map<String, T> units, String name) {
    T unit = units.get(name);
    if (unit == null) {
      throw new IllegalStateException("nothing is named " + name);
    }
    return unit;
  }

  private static void attempt(List<String> problems, Object thing, Runnable change) {
    try {
      change.run();
    } catch (ConfigException | LinuxException e) {
      problems.add(thing + ": " + e.getMessage());
    }
  }

  private void change(NicSpec nic, NodeConfig next) {
    unit(nics, nic.name()).change(nic, next.mtuOf(nic));
  }

  private void mtu(NicSpec nic, NodeConfig next) {
    unit(nics, nic.name()).mtu(next.mtuOf(nic));
  }

  // Guests

  private Outlet outlet(GuestSpec.Behind behind) {
    return behind.bond() ? unit(bonds, behind.name()).outlet() : unit(nics, behind.name()).outlet();
  }

  private GuestUnit open(GuestSpec guest) {
    GuestUnit unit = GuestUnit.open(engine, guest, outlet(guest.behind()), cluster::attached);
    guests.put(guest.name(), unit);
    return unit;
  }

  private void move(List<String> problems, GuestSpec guest) {
    GuestUnit unit = guests.get(guest.name());
    if (unit != null) {
      attempt(problems, guest, () -> unit.rewire(guest, outlet(guest.behind())));
    }
  }

  private void close(String guest) {
    GuestUnit unit = guests.remove(guest);
    if (unit != null) {
      cluster.forget(unit);
      unit.close();
      LOG.info("{}: {}", unit, unit.counted());
    }
  }

  // Bonds

  private void closeBond(String name) {
    BondUnit unit = bonds.remove(name);
    if (unit != null) {
      unit.close();
      LOG.info("{}: {}", unit, Counters.text(unit.bond()));
    }
  }

  /// The map of NICs changed, or a session may have died: members come and go.
  void follow() {
    List<String> problems = new ArrayList<>();
    bonds.values().forEach(bond -> reseat(problems, bond, List.of()));
    problems.forEach(LOG::warn);
  }

  /// Plugs in and takes out what the patterns of a bond say now.
  private void reseat(List<String> problems, BondUnit bond, List<NicSpec> leaving) {
    NicMap map = cluster.map();
    List<String> own =
        nics.values().stream()
            .map(nic -> nic.spec())
            .filter(nic -> !leaving.contains(nic))
            .map(NicSpec::name)
            .sorted()
            .toList();
    Map<String, Roster.Seat> wanted = Roster.wanted(bond.spec(), cluster.node(), own, map);
    // New ones first, so that what the leaving ones hold has a way to go.
    for (Roster.Seat seat : wanted.values()) {
      MemberUnit sitting = bond.member(seat.name());
      if (sitting != null && stale(sitting, seat, bond)) {
        bond.remove(seat.name());
        sitting = null;
      }
      if (sitting == null) {
        attempt(problems, bond, () -> seat(bond, seat));
      }
    }
    for (MemberUnit member : bond.members()) {
      boolean goes =
          switch (member) {
            case LocalMember local -> !wanted.containsKey(local.name());
            case RemoteMember remote ->
                !wanted.containsKey(remote.name())
                    && Roster.mayGo(map, fits(bond.spec(), remote), engine.call(remote::connected));
          };
      if (goes) {
        bond.remove(member.name());
      }
    }
  }

  private static boolean fits(BondSpec spec, RemoteMember member) {
    return spec.members().stream()
        .anyMatch(pattern -> pattern.fits(member.nic().node(), member.nic().nic()));
  }

  /// A member must be plugged in anew: it ranks otherwise, or its node is somewhere else now.
  private boolean stale(MemberUnit sitting, Roster.Seat seat, BondUnit bond) {
    if (!sitting.config().equals(configOf(bond.spec(), seat))) {
      return true;
    }
    NicRecord record = seat.remote();
    return sitting instanceof RemoteMember remote
        && record != null
        && record.fabricAddress() != null
        && !record.fabricAddress().socketAddress().equals(remote.nic().address())
        && !engine.call(remote::connected);
  }

  private MemberConfig configOf(BondSpec bond, Roster.Seat seat) {
    boolean remote = seat.remote() != null;
    long mac = Macs.of(cluster.node() + " " + bond.name() + " " + seat.name());
    return new MemberConfig(seat.name(), mac, bond.priority(seat.name()), remote ? 1 : 0, remote);
  }

  private void seat(BondUnit bond, Roster.Seat seat) {
    MemberConfig config = configOf(bond.spec(), seat);
    NicRecord record = seat.remote();
    if (record != null) {
      bond.add(cluster.reach(bond.spec().name(), record, config));
      return;
    }
    NicUnit nic = unit(nics, seat.name());
    bond.add(new LocalMember(bond.spec().name(), nic, config));
    if (nic.draining()) {
      bond.drain(seat.name(), true);
    }
  }

  // NICs

  /// Moves traffic off a NIC, or lets it come back.
  void drain(NicUnit nic, boolean on) {
    nic.draining(on);
    for (BondUnit bond : bonds.values()) {
      if (bond.member(nic.spec().name()) instanceof LocalMember) {
        bond.drain(nic.spec().name(), on);
      }
    }
    cluster.refresh(nic);
  }

  private void closeNic(String name) {
    NicUnit unit = nics.remove(name);
    if (unit != null) {
      cluster.withdraw(unit, "the NIC was taken out");
      discard(unit);
      LOG.info("{}: {}", name, Counters.text(unit.counted()));
    }
  }

  private void discard(NicUnit nic) {
    nic.close();
    String bridge = nic.spec().bridge();
    boolean shared =
        bridge != null
            && nics.values().stream().anyMatch(other -> bridge.equals(other.spec().bridge()));
    if (bridge != null && !shared) {
      plug.out(bridge);
    }
  }

  /// Something may be missing, or come back.
  void restore() {
    nics.values().forEach(NicUnit::restore);
  }

  /// Takes everything out, guests first.
  void close() {
    List.copyOf(guests.keySet()).forEach(this::close);
    List.copyOf(bonds.keySet()).forEach(this::closeBond);
    List.copyOf(nics.keySet()).forEach(this::closeNic);
  }
}
