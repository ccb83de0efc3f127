package braid.cli;

import braid.cli.control.NodeView;
import braid.cli.control.RefusedException;
import braid.cli.control.RefusedException.Kind;
import braid.ssi.MemberState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What an operator does to NICs of this node.
final class Nics {
  private static final String BONDS = "bonds";
  private static final long LOOK_MILLIS = 20;

  /// As long as nothing moves, what was on its way when traffic was moved off has passed.
  private static final int QUIET_LOOKS = 5;

  private Nics() {}

  /// The NIC of that name.
  ///
  /// @throws RefusedException when there is none
  static NicUnit require(Wiring wiring, String name) {
    NicUnit nic = wiring.nic(name);
    if (nic == null) {
      List<String> known = wiring.nics().stream().map(one -> one.spec().name()).sorted().toList();
      throw new RefusedException(
          Kind.INVALID, "this node has no NIC '" + name + "'", Bonds.remedy(name, known, "NIC"));
    }
    return nic;
  }

  /// The configuration with one more NIC. Besides the keys of the file there is `bonds`, names with
  /// '+' between them: those get it as a member.
  ///
  /// @throws ConfigException when its settings are wrong
  static NodeConfig added(NodeConfig config, NodeView.NicSpec wanted) {
    String where = "nic add " + wanted.name();
    Map<String, Value> values = new LinkedHashMap<>();
    wanted.settings().forEach((key, text) -> values.put(key, new Value.Text(text, where)));
    Field all = new Field("nic " + wanted.name(), where, values);
    List<String> bonds = all.items(BONDS);
    values.remove(BONDS);
    List<NicSpec> nics = new ArrayList<>(config.nics());
    nics.add(NicSpec.read(wanted.name(), all));
    NodeConfig next = config.nics(nics);
    for (String name : bonds) {
      BondSpec bond =
          next.bond(name)
              .orElseThrow(
                  () ->
                      all.wrong(
                          BONDS,
                          "there is no bond '" + name + "'",
                          Bonds.remedy(
                              name, config.bonds().stream().map(BondSpec::name).toList(), "bond")));
      next =
          Bonds.with(
              next, name, Map.of("members", bond.texts().get("members") + "+" + wanted.name()));
    }
    return next;
  }

  /// The configuration without a NIC and without it as a member of bonds.
  static NodeConfig removed(NodeConfig config, String name) {
    List<BondSpec> bonds = config.bonds().stream().map(bond -> bond.without(name)).toList();
    for (BondSpec bond : bonds) {
      if (bond.members().isEmpty()) {
        throw new RefusedException(
            Kind.CONFLICT,
            "nic '" + name + "' is all that bond '" + bond.name() + "' has",
            "Remove the bond in the configuration and reload it.");
      }
    }
    return config
        .nics(config.nics().stream().filter(nic -> !nic.name().equals(name)).toList())
        .bonds(bonds);
  }

  /// Refuses when a bond would be left without a usable member.
  static void refuseLast(Engine engine, Wiring wiring, String name) {
    for (BondUnit bond : wiring.bonds()) {
      boolean last =
          bond.member(name) instanceof LocalMember
              && engine.call(
                  () ->
                      bond.bond().members().stream()
                          .noneMatch(
                              member ->
                                  !member.name().equals(name)
                                      && (member.state() == MemberState.UP
                                          || member.state() == MemberState.HOLDING)));
      if (last) {
        throw new RefusedException(
            Kind.CONFLICT,
            "nic '" + name + "' is the last usable member of bond '" + bond.spec().name() + "'",
            "Add another NIC first, or use --force.");
      }
    }
  }

  /// Waits until a NIC that is drained holds no frame of ours and gets none from others.
  ///
  /// @throws RefusedException when the time is over
  static void awaitDrained(
      Engine engine, Wiring wiring, Cluster cluster, NicUnit nic, Duration patience) {
    String name = nic.spec().name();
    long end = System.nanoTime() + patience.toNanos();
    long before = -1;
    int quiet = 0;
    while (quiet < QUIET_LOOKS) {
      long moved =
          engine.call(() -> nic.counted().counters().txFrames.get() + cluster.received(name));
      boolean idle = engine.call(() -> nic.inFlight() == 0 && drained(wiring, name));
      quiet = idle && moved == before ? quiet + 1 : 0;
      before = moved;
      if (quiet < QUIET_LOOKS && System.nanoTime() > end) {
        throw new RefusedException(
            Kind.FAILED,
            "nic '" + name + "' still carries traffic after " + patience.toMillis() + " ms",
            "It stays unused by bonds with another member; add one, or take it back with"
                + " 'braid nic drain --undo'.");
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new RefusedException(
            Kind.FAILED, "interrupted while nic '" + name + "' was drained", "It stays unused.");
      }
    }
  }

  private static boolean drained(Wiring wiring, String name) {
    for (BondUnit bond : wiring.bonds()) {
      if (bond.member(name) instanceof LocalMember && !bond.bond().drained(name)) {
        return false;
      }
    }
    return true;
  }
}
