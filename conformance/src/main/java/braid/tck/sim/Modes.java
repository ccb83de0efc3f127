package braid.tck.sim;

import braid.ssi.BondMode;
import java.util.List;

/// The bond modes that are simulated.
final class Modes {
  static final List<BondMode> SUPPORTED =
      List.of(
          BondMode.BALANCE_RR,
          BondMode.BALANCE_XOR,
          BondMode.BROADCAST,
          BondMode.BALANCE_TLB,
          BondMode.FLOWLET);

  private Modes() {}
}
