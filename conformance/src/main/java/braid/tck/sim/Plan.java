package braid.tck.sim;

import braid.fabric.Timing;
import braid.fabric.Window;
import braid.ssi.ArpTarget;
import braid.ssi.BondConfig;
import braid.ssi.BondMode;
import braid.ssi.CcmInterval;
import braid.ssi.Continuity;
import braid.ssi.HashPolicy;
import braid.ssi.Monitor;
import braid.ssi.Reselect;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// What one seed decides before anything happens.
///
/// @param bond      how the bonds behave
/// @param interval  of the continuity check
/// @param target    the peer is an ARP target, so faults beyond the NICs are noticed
/// @param timing    patience of the fabric
/// @param window    memory of a fabric session
/// @param vlan      of the guests, 0 for none
/// @param guests    1: one on node 0, over all NICs; 2: another on node 1, over two of them
/// @param immune    index of the NIC that no fault may hit, with its node and the way there;
///                  negative for none. No frame may then be dropped
/// @param drifts    of the nodes' clocks, parts of a million
/// @param burst     most frames that a guest sends at a time
/// @param doubling  the network may double frames
/// @param faults    how many
record Plan(
    BondConfig bond,
    CcmInterval interval,
    boolean target,
    Timing timing,
    Window window,
    int vlan,
    int guests,
    int immune,
    List<Double> drifts,
    int burst,
    boolean doubling,
    int faults) {
  /// Nodes, and so NICs.
  static final int NODES = 3;

  static final int FLOWS = 8;

  /// First stream that is sent to guests.
  static final int STREAM_IN = 100;

  private static final long MS = 1_000_000;
  private static final double DRIFT_MAX = 2_000;

  /// A session's way through a fault, in a hurry: what takes seconds in life takes less here, so
  /// that a run is short.
  private static final Timing QUICK =
      new Timing(5 * MS, 100 * MS, 200 * MS, 200 * MS, 50 * MS, 250 * MS, 500 * MS, 3_000 * MS);

  static Plan of(RandomGenerator random) {
    CcmInterval interval = random.nextBoolean() ? CcmInterval.MS_10 : CcmInterval.MS_3_33;
    boolean target = random.nextInt(3) == 0;
    List<Monitor> monitors = new ArrayList<>();
    monitors.add(Continuity.GUEST.every(interval));
    if (target) {
      monitors.add(new ArpTarget(Frames.ip(Peer.MAC), 10 * MS, 3));
    }
    List<Double> drifts = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      drifts.add((random.nextDouble() * 2 - 1) * DRIFT_MAX);
    }
    BondMode mode = mode(random);
    BondConfig bond =
        BondConfig.DEFAULT
            .withMode(mode)
            .withHashPolicy(any(random, List.of(HashPolicy.LAYER3_4, HashPolicy.LAYER2_3)))
            .withPrimary(random.nextInt(3) == 0 ? nic(random.nextInt(NODES)) : "")
            .withReselect(any(random, List.of(Reselect.values())))
            .withMonitors(monitors)
            .withHold(50 * MS, 200 * MS, 100 * MS)
            .withFlowletGap(20 * MS);
    return new Plan(
        bond,
        interval,
        target,
        QUICK,
        new Window(random.nextBoolean() ? 64 : 256, 256 << 10, 256 << 10),
        random.nextInt(4) == 0 ? 7 : 0,
        random.nextInt(4) == 0 ? 2 : 1,
        random.nextInt(5) - 1 < NODES ? random.nextInt(4) - 1 : -1,
        drifts,
        1 + random.nextInt(8),
        random.nextInt(5) == 0,
        4 + random.nextInt(9));
  }

  private static BondMode mode(RandomGenerator random) {
    List<BondMode> modes = Modes.SUPPORTED;
    return random.nextBoolean() ? BondMode.ACTIVE_BACKUP : any(random, modes);
  }

  private static <T> T any(RandomGenerator random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  static String node(int index) {
    return String.valueOf((char) ('a' + index));
  }

  static String nic(int index) {
    return node(index) + "0";
  }

  static int nodeIndex(String node) {
    return node.charAt(0) - 'a';
  }

  /// The mode keeps frames of a flow in order as long as nothing changes.
  boolean keepsOrder() {
    return bond.mode() != BondMode.BALANCE_RR && bond.mode() != BondMode.BROADCAST;
  }

  /// Time in which a bond notices that a member is dead: the silence that counts, for both ends one
  /// after the other (who is not heard says so only when it has noticed), and turns in between.
  long detection() {
    long continuity = 2 * interval.lossNanos() + interval.nanos();
    return (target ? continuity + 45 * MS : continuity) + 20 * MS;
  }

  /// Time after the last fault until every member is in use again: a hung connection is given up,
  /// dialled anew, checked, and held until it has proven itself.
  long convergence() {
    return timing.hung()
        + 100 * MS
        + timing.handshake()
        + 2 * timing.redialMost()
        + 250 * MS
        + 2 * detection()
        + 200 * MS;
  }
}
