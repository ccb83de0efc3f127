package braid.ssi;

import java.util.Arrays;
import java.util.List;

/// How a bond uses its members. The names are those of Linux's bonding driver; `flowlet` is our
/// own.
///
/// | mode | sends on | receives on | order within a flow |
/// |---|---|---|---|
/// | active-backup | the active member | the active member | kept |
/// | balance-rr | each in turn | all | not kept |
/// | balance-xor | the one a hash of headers names | all | kept while they stay |
/// | broadcast | all, a copy each | all | kept on each |
/// | balance-tlb | the least loaded, chosen for each flow | the active member | kept |
/// | 802.3ad | as balance-xor, where LACP lets | where LACP lets | kept while they stay |
/// | flowlet | the least loaded, chosen for each flow, local ones first | all | kept |
///
/// "All" in the receiving column is limited where the switch knows nothing of the bond: see
/// [BondConfig.Balance#lag].
public enum BondMode {
  /// One member carries everything, the others wait.
  ACTIVE_BACKUP("active-backup"),
  /// Each member in turn: the only mode in which one flow can fill several members, at the price
  /// of frames that overtake each other.
  BALANCE_RR("balance-rr"),
  /// A hash of the headers names the member, as Linux does it ([HashPolicy]).
  BALANCE_XOR("balance-xor"),
  /// A copy of each frame on every member.
  BROADCAST("broadcast"),
  /// Flows leave on the least loaded member, which uses its own MAC; everything comes in on the
  /// active one. Needs nothing of the switch.
  BALANCE_TLB("balance-tlb"),
  /// Link aggregation by LACP (IEEE 802.1AX); the switch must speak it.
  LACP("802.3ad"),
  /// Flows are placed by load and may move only in a gap longer than the paths differ.
  FLOWLET("flowlet");

  private final String text;

  BondMode(String text) {
    this.text = text;
  }

  /// The name in configurations and in Linux.
  public String text() {
    return text;
  }

  /// Names of all modes.
  public static List<String> texts() {
    return Arrays.stream(values()).map(BondMode::text).toList();
  }

  /// The mode of this name.
  ///
  /// @throws IllegalArgumentException when there is none
  public static BondMode of(String text) {
    for (BondMode mode : values()) {
      if (mode.text.equals(text)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "mode is one of " + String.join(", ", texts()) + ", not " + text);
  }

  /// Several members carry traffic at a time.
  boolean balances() {
    return this != ACTIVE_BACKUP;
  }

  /// Frames for the hosts may come in on any member in use.
  boolean receivesOnAll() {
    return this != ACTIVE_BACKUP && this != BALANCE_TLB;
  }

  @Override
  public String toString() {
    return text;
  }
}
