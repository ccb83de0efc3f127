package braid.cli;

import braid.cli.control.RefusedException;
import braid.cli.control.RefusedException.Kind;
import java.util.List;
import java.util.Map;

/// What an operator does to bonds.
final class Bonds {
  private Bonds() {}

  /// The bond of that name.
  ///
  /// @throws RefusedException when there is none
  static BondUnit require(Wiring wiring, String name) {
    BondUnit bond = wiring.bond(name);
    if (bond == null) {
      List<String> known = wiring.bonds().stream().map(one -> one.spec().name()).sorted().toList();
      throw new RefusedException(
          Kind.INVALID, "there is no bond '" + name + "'", remedy(name, known, "bond"));
    }
    return bond;
  }

  /// What to write instead of an unknown name.
  static String remedy(String name, List<String> known, String what) {
    return known.isEmpty() ? "This node has no " + what + "." : Words.didYouMean(name, known);
  }

  /// The configuration with other values for some keys of a bond.
  static NodeConfig with(NodeConfig config, String name, Map<String, String> changes) {
    BondSpec bond =
        config
            .bond(name)
            .orElseThrow(
                () ->
                    new RefusedException(
                        Kind.INVALID,
                        "there is no bond '" + name + "'",
                        remedy(
                            name, config.bonds().stream().map(BondSpec::name).toList(), "bond")));
    BondSpec changed = bond.with(changes);
    return config.bonds(
        config.bonds().stream().map(one -> one.name().equals(name) ? changed : one).toList());
  }

  /// Pins a member, or lets the bond choose again.
  static void setActive(Engine engine, BondUnit bond, String member) {
    List<String> known =
        engine.call(() -> bond.bond().members().stream().map(m -> m.name()).toList());
    if (!member.isEmpty() && !known.contains(member)) {
      throw new RefusedException(
          Kind.INVALID,
          "bond '" + bond.spec().name() + "' has no member '" + member + "'",
          remedy(member, known, "member"));
    }
    if (!engine.call(() -> bond.bond().setActive(member))) {
      throw new RefusedException(
          Kind.CONFLICT,
          "member '" + member + "' of bond '" + bond.spec().name() + "' is not healthy",
          "Wait until 'braid bond show' says that it is up, or choose another.");
    }
  }
}
