package braid.ssi;

import static braid.ssi.Rig.MS;
import static braid.ssi.Rig.QUIET;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.LinkState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where flows are placed, when they move, and when they must not.
class FlowletsTest {
  private static final BondConfig FLOWLET = QUIET.withMode(BondMode.FLOWLET);
  private static final long GAP = BondConfig.Balance.DEFAULT.flowletGapNanos();
  private static final int SYN = 2;
  private static final int FIN = 1;
  private static final int ACK = 0x10;

  @RegisterExtension final Pools pools = new Pools();

  private Rig rig;

  @AfterEach
  void close() {
    rig.close();
  }

  /// Members of 1 Gbit/s at these distances.
  private Rig rig(int... distances) {
    return rig(FLOWLET, distances);
  }

  private Rig rig(BondConfig config, int... distances) {
    rig = new Rig(pools, config);
    for (int distance : distances) {
      rig.add(new LinkState(true, 1000), distance);
    }
    rig.turn();
    rig.pass(1_000 * MS);
    return rig;
  }

  private int open(int flow) {
    return rig.route(Rig.tcp(flow, SYN, 60, 0));
  }

  /// Bulk: 100 KB of each in a tenth of a second, in 70 frames without a gap.
  private void bulk(int... flows) {
    for (int i = 0; i < 70; i++) {
      for (int flow : flows) {
        int _ = rig.route(Rig.tcp(flow, ACK, 240, 0));
        int _ = rig.route(Rig.tcp(flow, ACK, 240, 0));
        int _ = rig.route(Rig.tcp(flow, ACK, 240, 0));
        int _ = rig.route(Rig.tcp(flow, ACK, 240, 0));
        int _ = rig.route(Rig.tcp(flow, ACK, 240, 0));
        int _ = rig.route(Rig.tcp(flow, ACK, 240, 0));
      }
      rig.pass(1_400_000);
    }
  }

  @Test
  void flowsThatBeginTogetherSpreadEvenlyOverEqualMembers() {
    rig(0, 0, 0);
    int[] flows = new int[3];
    for (int flow = 0; flow < 15; flow++) {
      flows[open(flow)]++;
    }
    assertThat(flows).containsExactly(5, 5, 5);
  }

  @Test
  void fourFlowsUseAllThreeMembers() {
    rig(0, 1, 1);
    Set<Integer> used = new HashSet<>();
    for (int flow = 0; flow < 4; flow++) {
      used.add(open(flow));
    }
    assertThat(used).containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void aFlowWithoutAGapStaysWhateverTheLoad() {
    rig(0, 0);
    int member = open(1);
    for (int flow = 2; flow < 12; flow++) {
      int _ = open(flow);
    }
    for (int i = 0; i < 200; i++) {
      rig.pass(GAP);
      assertThat(rig.route(1)).isEqualTo(member);
    }
  }

  @Test
  void aFlowMovesToAMemberWithLessInAGap() {
    rig(0, 0);
    assertThat(open(1)).isZero();
    assertThat(open(2)).isOne();
    assertThat(open(3)).isZero();
    // Flow 2 ends; 1 and 3 go on as bulk on member 0.
    int _ = rig.route(Rig.tcp(2, FIN, 60, 0));
    bulk(1, 3);
    assertThat(rig.route(1)).as("no gap yet").isZero();
    bulk(3);
    assertThat(rig.route(1)).as("after a gap of 98 ms").isOne();
    assertThat(rig.route(3)).as("sends without a gap").isZero();
  }

  @Test
  void aFlowAloneStaysAcrossGaps() {
    rig(0, 0, 0);
    int member = open(1);
    for (int i = 0; i < 20; i++) {
      rig.pass(2 * GAP);
      assertThat(rig.route(1)).isEqualTo(member);
    }
  }

  /// Its own flow and its own use are no reason to leave, in whatever part of a period its gap
  /// falls.
  @ParameterizedTest
  @ValueSource(ints = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90})
  void aFlowAloneOnAFullMemberDoesNotJoinOneThatRecovers(int offset) {
    rig = new Rig(pools, FLOWLET);
    rig.add(new LinkState(true, 8), 0);
    rig.add(new LinkState(true, 8), 0);
    rig.turn();
    rig.pass((1_000 + offset) * MS);
    assertThat(open(1)).isZero();
    assertThat(open(2)).isOne();
    bulk(1, 2);
    // 2 begins anew after a loss, with little; 1 goes on.
    for (int i = 0; i < 3; i++) {
      int _ = rig.route(2);
      bulk(1);
    }
    rig.pass(GAP / 2);
    int _ = rig.route(2);
    rig.pass(GAP / 2 + MS);
    assertThat(rig.route(1)).as("after a gap").isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20, 40, 60, 80})
  void aFlowAloneStaysNearAcrossAGap(int offset) {
    rig(0, 1);
    rig.pass(offset * MS);
    assertThat(open(1)).isZero();
    bulk(1);
    bulk(1);
    bulk(1);
    rig.pass(GAP + MS);
    assertThat(rig.route(1)).isZero();
  }

  @Test
  void smallFlowsOneAfterTheOtherStayNear() {
    rig(1, 0, 1);
    for (int flow = 0; flow < 100; flow++) {
      assertThat(open(flow)).isOne();
      assertThat(rig.route(flow)).isOne();
      assertThat(rig.route(Rig.tcp(flow, ACK | FIN, 60, 0))).isOne();
      rig.pass(MS);
    }
  }

  @Test
  void mostSmallFlowsAtOnceStayNearOnceTheyAreKnownToBeSmall() {
    rig(0, 1);
    List<Integer> flows = new ArrayList<>();
    for (int flow = 0; flow < 12; flow++) {
      assertThat(open(flow)).isZero();
      flows.add(flow);
      rig.pass(250 * MS);
    }
    for (int flow : flows) {
      assertThat(rig.route(flow)).isZero();
    }
  }

  @Test
  void aSecondBulkFlowGoesFarRatherThanShare() {
    rig(0, 1);
    assertThat(open(1)).isZero();
    bulk(1);
    bulk(1);
    assertThat(open(2)).isOne();
  }

  @Test
  void withoutLocalFirstDistanceIsNoReason() {
    rig(FLOWLET.withLocalFirst(false, 80), 1, 0);
    assertThat(open(1)).as("a tie goes to the nearer").isOne();
    assertThat(rig.route(Rig.tcp(1, FIN, 60, 0))).isOne();
    assertThat(open(2)).isOne();
    assertThat(open(3)).isZero();
  }

  @Test
  void aNearMemberUsedAboveTheThresholdIsFull() {
    rig = new Rig(pools, FLOWLET.withLocalFirst(true, 10));
    rig.add(new LinkState(true, 10), 0);
    rig.add(new LinkState(true, 10), 1);
    rig.turn();
    rig.pass(1_000 * MS);
    trickle();
    assertThat(rig.status(0).rate()).isBetween(900_000L, 1_000_000L);
    rig.bond.reconfigure(FLOWLET.withLocalFirst(true, 50));
    assertThat(open(1)).as("half is far away").isZero();
    trickle();
    rig.bond.reconfigure(FLOWLET.withLocalFirst(true, 5));
    assertThat(open(2)).as("a twentieth is reached").isOne();
  }

  /// Just under 1 Mbit/s of a flow that is not bulk, on a member of 10 Mbit/s.
  private void trickle() {
    for (int i = 0; i < 150; i++) {
      assertThat(rig.route(Rig.tcp(100, ACK, 240, 0))).isZero();
      rig.pass(2 * MS);
    }
  }

  @Test
  void aNearMemberWithoutRoomIsFullForNewFlowsAndItsOwnAreDroppedByItsPort() {
    rig(0, 1);
    int _ = open(1);
    byte[][] flood = new byte[300][];
    java.util.Arrays.fill(flood, Rig.tcp(1, ACK, 60, 0));
    rig.send(flood);
    rig.send(Rig.tcp(2, SYN, 60, 0));
    assertThat(rig.sent(1)).as("the new flow").hasSize(1);
    assertThat(rig.sent(0)).hasSize(256);
  }

  @Test
  void aFlowComesBackInAGapWhenANearMemberIsFreeAgain() {
    rig(0, 1);
    assertThat(open(1)).isZero();
    bulk(1);
    assertThat(open(2)).isOne();
    rig.pass(250 * MS);
    assertThat(rig.route(2)).isZero();
  }

  @Test
  void sharesFollowTheSpeed() {
    rig = new Rig(pools, FLOWLET, new LinkState(true, 1000), new LinkState(true, 100));
    rig.pass(1_000 * MS);
    int[] flows = new int[2];
    for (int flow = 0; flow < 44; flow++) {
      flows[open(flow)]++;
    }
    assertThat(flows).containsExactly(40, 4);
  }

  @Test
  void aMemberOfUnknownSpeedCountsAsTheSlowestKnown() {
    rig = new Rig(pools, FLOWLET, LinkState.UP, new LinkState(true, 100), LinkState.UP);
    rig.pass(1_000 * MS);
    int[] flows = new int[3];
    for (int flow = 0; flow < 9; flow++) {
      flows[open(flow)]++;
    }
    assertThat(flows).containsExactly(3, 3, 3);
  }

  @Test
  void onlyTheFlowsOfAMemberThatFailsMove() {
    rig(0, 0, 0);
    int[] before = new int[30];
    for (int flow = 0; flow < 30; flow++) {
      before[flow] = open(flow);
    }
    rig.carrier(1, false);
    for (int flow = 0; flow < 30; flow++) {
      int now = rig.route(flow);
      assertThat(now).isNotEqualTo(1);
      if (before[flow] != 1) {
        assertThat(now).isEqualTo(before[flow]);
      }
    }
  }

  @Test
  void aMemberThatComesBackTakesNewFlowsAndOldOnesOnlyInGaps() {
    rig(0, 0);
    rig.carrier(1, false);
    for (int flow = 0; flow < 4; flow++) {
      assertThat(open(flow)).isZero();
    }
    rig.carrier(1, true);
    for (int i = 0; i < 30; i++) {
      for (int flow = 0; flow < 4; flow++) {
        assertThat(rig.route(flow)).isZero();
      }
      rig.pass(10 * MS);
    }
    assertThat(open(5)).isOne();
  }

  @Test
  void whatAFailedMemberHeldGoesInOrderBeforeNewFramesOfTheSameFlow() {
    rig(0, 0);
    assertThat(open(1)).isZero();
    assertThat(open(2)).isOne();
    for (int i = 0; i < 20; i++) {
      rig.send(Rig.tcp(1, ACK, 60, i), Rig.tcp(2, ACK, 60, i));
    }
    rig.carrier(0, false);
    rig.send(Rig.tcp(1, ACK, 60, 20));
    List<Integer> got =
        rig.sent(1).stream().filter(f -> Rig.flow(f) == 1).map(Rig::number).toList();
    assertThat(got).hasSize(21).isSorted();
  }

  @Test
  void fragmentsOfADatagramStayTogether() {
    rig(0, 0, 0);
    for (int i = 0; i < 9; i++) {
      int _ = open(i);
    }
    byte[] first = Rig.tcp(50, ACK, 100, 0);
    first[20] = 0x20;
    byte[] rest = Rig.tcp(51, ACK, 100, 0);
    rest[20] = 0;
    rest[21] = 10;
    int member = rig.route(first);
    assertThat(rig.route(rest)).isEqualTo(member);
  }

  @Test
  void tagsAndPrioritiesDoNotSplitAFlowAndVlansDo() {
    rig(0, 0);
    java.util.Set<Long> keys = new HashSet<>();
    FlowKey key = new FlowKey();
    for (int tag : new int[] {0x0007, 0x6007, 0xa007, 0x0008}) {
      byte[] plain = Rig.tcp(1, ACK, 100, 0);
      byte[] tagged = new byte[104];
      System.arraycopy(plain, 0, tagged, 0, 12);
      tagged[12] = (byte) 0x81;
      tagged[14] = (byte) (tag >>> 8);
      tagged[15] = (byte) tag;
      System.arraycopy(plain, 12, tagged, 16, 88);
      var frame = pools.frame(tagged);
      keys.add(key.of(frame));
      frame.release();
    }
    assertThat(keys).hasSize(2);
  }

  @Test
  void flowsSpreadOverTheTable() {
    rig(0, 0);
    Set<Integer> places = new HashSet<>();
    FlowKey key = new FlowKey();
    for (int flow = 0; flow < 1000; flow++) {
      var frame = pools.frame(Rig.tcp(flow, ACK, 60, 0));
      places.add(FlowTable.place(key.of(frame)));
      frame.release();
    }
    // 1000 of 32768 places: 15 pairs are expected.
    assertThat(places).hasSizeGreaterThan(960);
  }

  @Test
  void aRemovedMembersFlowsGoOnElsewhereAndItsSlotServesTheNext() {
    rig(0, 0);
    assertThat(open(1)).isZero();
    assertThat(open(2)).isOne();
    assertThat(rig.bond.remove("m0")).isTrue();
    assertThat(rig.route(1)).isOne();
    rig.add(new LinkState(true, 1000), 0);
    rig.turn();
    assertThat(rig.route(1)).isOne();
    assertThat(rig.route(2)).isOne();
    assertThat(open(3)).isEqualTo(2);
  }

  @Test
  void loadIsForgottenWithinTwoPeriods() {
    rig(0);
    int _ = open(1);
    bulk(1);
    assertThat(rig.status(0).flows()).isGreaterThanOrEqualTo(1);
    assertThat(rig.status(0).rate()).isGreaterThan(5_000_000);
    rig.pass(201 * MS);
    assertThat(rig.status(0).flows()).isZero();
    assertThat(rig.status(0).rate()).isZero();
  }

  // draining

  @Test
  void drainingSendsNewFlowsElsewhereAndOldOnesInTheirGap() {
    rig(0, 0);
    assertThat(open(1)).isZero();
    assertThat(rig.bond.drain("m0")).isTrue();
    assertThat(rig.bond.drained("m0")).isFalse();
    assertThat(rig.departures.getFirst().reason()).isEqualTo(Reason.DRAINED);
    assertThat(rig.bond.activeMember()).isEqualTo("m1");
    for (int flow = 2; flow < 6; flow++) {
      assertThat(open(flow)).isOne();
    }
    rig.pass(GAP / 2);
    assertThat(rig.route(1)).as("no gap").isZero();
    assertThat(rig.bond.drained("m0")).isFalse();
    rig.pass(GAP + 1);
    assertThat(rig.bond.drained("m0")).isTrue();
    assertThat(rig.route(1)).isOne();
    assertThat(rig.bond.drained("m0")).isTrue();
    assertThat(rig.status(0).drained()).isTrue();
  }

  @Test
  void aFlowWithoutGapsLeavesADrainedMemberAfterASecond() {
    rig(0, 0);
    assertThat(open(1)).isZero();
    assertThat(rig.bond.drain("m0")).isTrue();
    for (int i = 0; i < 99; i++) {
      rig.pass(10 * MS);
      assertThat(rig.route(1)).isZero();
    }
    rig.pass(10 * MS);
    assertThat(rig.route(1)).isOne();
    assertThat(rig.bond.drained("m0")).isTrue();
  }

  @Test
  void aMemberIsNotDrainedWhileItsDeviceHoldsFrames() {
    rig(0, 0);
    rig.send(Rig.tcp(1, SYN, 60, 0));
    assertThat(rig.bond.drain("m0")).isTrue();
    rig.pass(2_000 * MS);
    assertThat(rig.bond.drained("m0")).isFalse();
    assertThat(rig.sent(0)).hasSize(1);
    assertThat(rig.bond.drained("m0")).isTrue();
  }

  @Test
  void aDrainedMemberCarriesAgainOnlyWhenThereIsNoOther() {
    rig(0, 0);
    assertThat(rig.bond.drain("m0")).isTrue();
    rig.carrier(1, false);
    assertThat(open(1)).isZero();
    assertThat(rig.bond.drained("m0")).isFalse();
    rig.carrier(1, true);
    assertThat(open(2)).isOne();
  }

  @Test
  void drainingCanBeTakenBack() {
    rig(0, 1);
    assertThat(rig.bond.drain("m0")).isTrue();
    assertThat(open(1)).isOne();
    assertThat(rig.bond.undrain("m0")).isTrue();
    assertThat(open(2)).isZero();
    assertThat(rig.bond.drain("nobody")).isFalse();
    assertThat(rig.bond.undrain("nobody")).isFalse();
    assertThat(rig.bond.drained("nobody")).isFalse();
    assertThat(rig.bond.drained("m0")).isFalse();
  }
}
