package braid.ssi;

import static braid.ssi.Lab.MS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.FaultyPort;
import braid.port.Frame;
import braid.port.LinkState;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BondTest {
  private static final BondConfig CCM = BondConfig.DEFAULT;
  private static final BondConfig CCM_ARP =
      CCM.withMonitors(Continuity.GUEST, ArpTarget.of("10.0.0.1"));
  private static final long DETECT = 35 * MS + 3 * Lab.TURN;

  @RegisterExtension final Pools pools = new Pools();

  private Lab lab = new Lab(pools, CCM, 0, 1);

  @AfterEach
  void drain() {
    lab.close();
  }

  private Lab lab(BondConfig config, int members) {
    lab = new Lab(pools, config, members, 1);
    lab.run(100 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    return lab;
  }

  private static List<Integer> upTo(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  @Test
  void theFirstHealthyMemberCarriesBothWaysAndNothingElseReachesTheHost() {
    lab(CCM, 2);
    for (int i = 0; i < 50; i++) {
      lab.hostSends();
      lab.peerSends();
      lab.run(MS);
    }
    lab.run(5 * MS);
    assertThat(Lab.numbers(lab.peerGot)).isEqualTo(upTo(50));
    assertThat(Lab.numbers(lab.hostGot)).isEqualTo(upTo(50));
    assertThat(lab.hostGot).hasSize(50);
    assertThat(lab.counted("control_rx")).isPositive();
    assertThat(lab.changes).hasSize(1);
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.FIRST);
  }

  @Test
  void withNoMemberFramesAreDroppedAndCounted() {
    assertThat(lab.bond.room()).isPositive();
    lab.hostSends();
    assertThat(lab.counted("tx_drop_no_member")).isEqualTo(1);
    assertThat(lab.bond.link().up()).isFalse();
  }

  @Test
  void lostCarrierMovesToTheNextMemberInTheSameTurn() {
    lab(CCM, 2);
    lab.nodes.get(0).device.carrier(LinkState.DOWN);
    lab.turn();
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.CARRIER);
    assertThat(lab.state(0)).isEqualTo(MemberState.DOWN);
  }

  @Test
  void aHungNodeIsNoticedAfterThreeAndAHalfIntervalsAndItsFramesAreResentInOrder() {
    lab(CCM, 2);
    lab.nodes.get(0).kill();
    for (int i = 0; i < 40 && lab.bond.activeMember().equals("m0"); i++) {
      lab.hostSends();
      lab.run(MS);
    }
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.CONTINUITY);
    assertThat(lab.lastChange().detectionNanos()).isBetween(35 * MS, 35 * MS + 2 * Lab.TURN);
    assertThat(lab.lastChange().resent()).isGreaterThanOrEqualTo(20);
    lab.run(5 * MS);
    assertThat(Lab.numbers(lab.peerGot)).isEqualTo(upTo(lab.hostSent()));
  }

  @Test
  void aNodeThatSaysItsUplinkIsDownIsLeftAtOnce() {
    lab(CCM, 2);
    lab.nodes.get(0).mep.uplink(LinkState.DOWN);
    lab.run(2 * Lab.TURN);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.UPLINK_DOWN);
  }

  @Test
  void aNodeThatDoesNotHearUsIsLeftForItsRemoteDefect() {
    lab(CCM, 2);
    lab.nodes.get(0).member.outward(FaultyPort.Faults.BLACKHOLE);
    lab.run(DETECT + 2 * Lab.TURN);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.REMOTE_DEFECT);
  }

  @Test
  void aBlackholeBehindTheNodeIsNoticedByTheArpTarget() {
    lab(CCM_ARP, 2);
    lab.nodes.get(0).blackhole(true);
    lab.run(DETECT + 10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.TARGET);
    assertThat(lab.lastChange().detectionNanos()).isLessThanOrEqualTo(36 * MS);
  }

  @Test
  void anIpv6TargetDoesTheSameAndNothingOfItReachesTheHost() {
    lab(CCM.withMonitors(Continuity.GUEST, NsTarget.of("2001:db8::1")), 2);
    lab.nodes.get(0).blackhole(true);
    lab.run(DETECT + 10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.TARGET);
    lab.nodes.get(0).blackhole(false);
    lab.run(1_000 * MS);
    assertThat(lab.state(0)).isEqualTo(MemberState.UP);
    assertThat(lab.hostGot).isEmpty();
  }

  @Test
  void aTargetThatAnswersNobodyTakesNoMemberOutOfUse() {
    lab(CCM_ARP, 2);
    lab.peerAnswers = false;
    lab.run(500 * MS);
    assertThat(lab.bond.activeMember()).isNotEqualTo(ActiveChange.NONE);
    int before = lab.peerGot.size();
    lab.hostSends();
    lab.run(2 * MS);
    assertThat(Lab.numbers(lab.peerGot)).endsWith(0);
    assertThat(lab.peerGot.size()).isGreaterThan(before);
    assertThat(lab.changes.size()).as("at most one needless change").isLessThanOrEqualTo(2);
  }

  @Test
  void probesAndTheirAnswersNeverReachTheHost() {
    lab(CCM_ARP, 3);
    lab.nodes.get(0).blackhole(true);
    lab.run(2000 * MS);
    lab.nodes.get(0).blackhole(false);
    lab.run(2000 * MS);
    assertThat(lab.changes.size()).isGreaterThanOrEqualTo(2);
    assertThat(lab.hostGot).isEmpty();
    assertThat(lab.counted("control_rx")).isGreaterThan(1000);
  }

  @Test
  void continuityMessagesNeverReachTheNetwork() {
    lab(CCM, 2);
    lab.run(500 * MS);
    assertThat(lab.peerGot).noneMatch(f -> Packets.type(f) == 0x8902);
  }

  @Test
  void probesNeverUseTheBondsOwnAddress() {
    lab(CCM_ARP, 2);
    lab.run(200 * MS);
    assertThat(lab.peerGot)
        .filteredOn(f -> Packets.type(f) == 0x0806 && Packets.int32(f, 28) == 0)
        .isNotEmpty()
        .noneMatch(f -> Packets.mac(f, 6) == Lab.BOND);
  }

  @Test
  void framesForTheHostOnABackupAreDroppedButForUnicastWithinTheGraceTime() {
    lab(CCM, 2);
    lab.run(1100 * MS);
    lab.peerBroadcasts(1);
    lab.run(2 * MS);
    assertThat(Lab.numbers(lab.hostGot)).as("one of two copies").containsExactly(1);
    assertThat(lab.counted("rx_drop_inactive")).isPositive();

    assertThat(lab.bond.setActive("m1")).isTrue();
    lab.hostGot.clear();
    viaNode(0, Packets.numbered(Lab.BOND, Lab.PEER, 2));
    viaNode(0, Packets.numbered(Wire.BROADCAST, Lab.PEER, 3));
    lab.run(2 * MS);
    assertThat(Lab.numbers(lab.hostGot)).containsExactly(2);

    lab.run(1000 * MS);
    viaNode(0, Packets.numbered(Lab.BOND, Lab.PEER, 4));
    lab.run(2 * MS);
    assertThat(Lab.numbers(lab.hostGot)).containsExactly(2);
  }

  private void viaNode(int node, byte[] bytes) {
    lab.nodes.get(node).uplink.far().send(new Frame[] {pools.frame(bytes)}, 1);
  }

  @Test
  void aBroadcastOfTheHostThatComesBackOnAnotherMemberIsNotHeardByTheHost() {
    lab(CCM, 2);
    lab.hostSends(Packets.numbered(Wire.BROADCAST, Lab.BOND, 9));
    assertThat(lab.bond.setActive("m0")).isTrue();
    lab.run(3 * MS);
    assertThat(lab.hostGot).isEmpty();
    assertThat(lab.counted("rx_drop_own")).isPositive();
  }

  @Test
  void afterASwitchTheLearnedAddressIsAnnouncedAsOftenAsConfigured() {
    lab(CCM, 2);
    lab.hostSends(Packets.arp(Wire.BROADCAST, 1, Lab.BOND, Lab.HOST_IP, 0, Lab.PEER_IP));
    lab.run(500 * MS);
    lab.peerGot.clear();
    lab.nodes.get(0).device.carrier(LinkState.DOWN);
    lab.run(MS);
    assertThat(announcements()).isEqualTo(1);
    lab.run(500 * MS);
    assertThat(announcements()).isEqualTo(3);
  }

  private long announcements() {
    return lab.peerGot.stream()
        .filter(f -> Packets.type(f) == 0x0806 && Packets.int32(f, 28) == Lab.HOST_IP)
        .count();
  }

  @Test
  void withNoAddressLearnedTheMacAloneIsAnnouncedByRarp() {
    lab(CCM, 2);
    lab.peerGot.clear();
    lab.nodes.get(0).device.carrier(LinkState.DOWN);
    lab.run(MS);
    assertThat(lab.peerGot)
        .filteredOn(f -> Packets.type(f) == 0x8035)
        .singleElement()
        .satisfies(f -> assertThat(Packets.mac(f, 6)).isEqualTo(Lab.BOND));
  }

  @Test
  void failBackToThePrimaryWaitsForTheHoldTimeAndIsAnnounced() {
    lab(CCM.withPrimary("m0").withReselect(Reselect.ALWAYS), 2);
    lab.nodes.get(0).kill();
    lab.run(100 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    lab.nodes.get(0).restart();
    lab.run(480 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    lab.peerGot.clear();
    lab.run(60 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.FAIL_BACK);
    assertThat(lab.peerGot).anyMatch(f -> Packets.type(f) == 0x8035);
  }

  @Test
  void failBackLosesAndDoublesNothingEitherWay() {
    lab(CCM_ARP.withPrimary("m0").withReselect(Reselect.ALWAYS), 2);
    lab.nodes.get(0).kill();
    lab.run(100 * MS);
    lab.nodes.get(0).restart();
    lab.run(20 * MS);
    lab.peerGot.clear();
    int first = lab.hostSent();
    for (int i = 0; i < 700; i++) {
      lab.hostSends();
      lab.peerSends();
      lab.run(MS);
    }
    lab.run(5 * MS);
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.FAIL_BACK);
    assertThat(Lab.numbers(lab.peerGot))
        .isEqualTo(IntStream.range(first, lab.hostSent()).boxed().toList());
    assertThat(Lab.numbers(lab.hostGot)).isEqualTo(upTo(lab.peerSent()));
  }

  @Test
  void withPolicyFailureTheBondStaysWhereItIs() {
    lab(CCM.withPrimary("m0").withReselect(Reselect.FAILURE), 2);
    lab.nodes.get(0).kill();
    lab.run(100 * MS);
    lab.nodes.get(0).restart();
    lab.run(2000 * MS);
    assertThat(lab.state(0)).isEqualTo(MemberState.UP);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }

  @Test
  void aFlappingMemberStaysOutLongerEachTime() {
    lab(CCM.withPrimary("m0").withReselect(Reselect.ALWAYS), 2);
    for (int expected = 500; expected <= 4000; expected *= 2) {
      lab.nodes.get(0).device.carrier(LinkState.DOWN);
      lab.run(10 * MS);
      lab.nodes.get(0).device.carrier(LinkState.UP);
      lab.run(15 * MS + (expected - 20) * MS);
      assertThat(lab.bond.activeMember()).as("before %d ms", expected).isEqualTo("m1");
      lab.run(30 * MS);
      assertThat(lab.bond.activeMember()).as("after %d ms", expected).isEqualTo("m0");
    }
  }

  @Test
  void aMemberInHoldDownIsUsedWhenThereIsNoOther() {
    lab(CCM, 2);
    lab.nodes.get(0).kill();
    lab.run(60 * MS);
    lab.nodes.get(0).restart();
    lab.run(50 * MS);
    assertThat(lab.state(0)).isEqualTo(MemberState.HOLDING);
    lab.nodes.get(1).device.carrier(LinkState.DOWN);
    lab.run(MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
  }

  @Test
  void whenAllMembersFailTheBondIsDownAndFramesAreCounted() {
    lab(CCM, 2);
    lab.nodes.forEach(node -> node.device.carrier(LinkState.DOWN));
    lab.run(MS);
    assertThat(lab.bond.activeMember()).isEqualTo(ActiveChange.NONE);
    assertThat(lab.lastChange().to()).isEqualTo(ActiveChange.NONE);
    lab.hostSends();
    assertThat(lab.counted("tx_drop_no_member")).isEqualTo(1);
    assertThat(lab.bond.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aPauseOfOurOwnIsNotTakenForADeadPath() {
    lab(CCM_ARP, 2);
    for (long pause : new long[] {20, 50, 200, 2000}) {
      lab.clock.advance(pause * MS);
      lab.run(100 * MS);
      assertThat(lab.changes).as("after a pause of %d ms", pause).hasSize(1);
    }
    assertThat(lab.counted("worker_stalls")).isPositive();
  }

  @Test
  void aPauseOfTheGuestAloneIsForgivenThoughTheNodesComplained() {
    lab(CCM, 2);
    for (int i = 0; i < 400; i++) {
      lab.nodes.forEach(Lab.Node::pump);
      lab.clock.advance(Lab.TURN);
    }
    lab.run(200 * MS);
    assertThat(lab.changes).hasSize(1);
  }

  @Test
  void aPathThatDiedDuringOurPauseIsFoundWithinTheUsualTimeAfterIt() {
    lab(CCM, 2);
    lab.nodes.get(0).kill();
    lab.clock.advance(2000 * MS);
    lab.run(DETECT + 10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }

  @Test
  void aHostThatTakesNothingForAWhileDoesNotMakeAPathDead() {
    lab(CCM, 2);
    lab.hostRoom = 0;
    lab.run(300 * MS);
    lab.hostRoom = 64;
    lab.run(100 * MS);
    assertThat(lab.changes).hasSize(1);
  }

  @Test
  void lostCarrierIsNoticedEvenWhileTheHostTakesNothing() {
    lab(CCM, 2);
    lab.hostRoom = 0;
    lab.nodes.get(0).device.carrier(LinkState.DOWN);
    lab.run(MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }

  @Test
  void aRemovedMembersFramesGoToTheNext() {
    lab(CCM, 2);
    lab.nodes.get(0).kill();
    lab.hostSends();
    lab.hostSends();
    assertThat(lab.bond.remove("m0")).isTrue();
    lab.removed.add(0);
    lab.run(2 * MS);
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.REMOVED);
    assertThat(Lab.numbers(lab.peerGot)).containsExactly(0, 1);
    assertThat(lab.bond.remove("m0")).isFalse();
  }

  @Test
  void whatTheNewMemberHasNoRoomForWaitsAndGoesBeforeAnythingNewer() {
    lab(CCM, 2);
    lab.nodes.get(0).kill();
    assertThat(lab.hostSendsUpTo(200)).isEqualTo(200);
    lab.nodes.get(1).kill();
    assertThat(lab.bond.setActive("m1")).isTrue();
    assertThat(lab.hostSendsUpTo(150)).isEqualTo(150);
    assertThat(lab.bond.remove("m0")).isTrue();
    lab.removed.add(0);
    assertThat(lab.bond.room()).as("the host is held back").isZero();
    assertThat(lab.bond.pending()).isEqualTo(350);
    lab.nodes.get(1).restart();
    assertThat(lab.counted("tx_drop_resend")).isZero();
    assertThat(lab.counted("tx_resent")).isEqualTo(200);
    lab.run(20 * MS);
    assertThat(lab.bond.room()).isPositive();
    // What m1 had room for died with its node; the rest had waited in the bond.
    int room = 256 - Limits.CONTROL_ROOM - 150;
    assertThat(Lab.numbers(lab.peerGot))
        .containsExactlyElementsOf(IntStream.range(room, 200).boxed().toList());
  }

  @Test
  void whatNobodyHasRoomForIsDroppedAfterASecond() {
    lab(CCM, 2);
    lab.nodes.forEach(Lab.Node::kill);
    assertThat(lab.hostSendsUpTo(250)).isEqualTo(250);
    assertThat(lab.bond.setActive("m1")).isTrue();
    assertThat(lab.hostSendsUpTo(250)).isEqualTo(250);
    assertThat(lab.bond.remove("m0")).isTrue();
    lab.removed.add(0);
    long waiting = lab.bond.pending() - 256;
    assertThat(waiting).isPositive();
    lab.run(900 * MS);
    assertThat(lab.counted("tx_drop_resend")).isZero();
    lab.run(200 * MS);
    assertThat(lab.counted("tx_drop_resend")).isGreaterThanOrEqualTo(waiting);
    assertThat(lab.bond.pending()).isLessThanOrEqualTo(256);
  }

  @Test
  void aHungMemberKeepsAFewProbesAndTheOthersAreProbedOn() {
    lab(CCM_ARP, 3);
    lab.nodes.get(0).kill();
    lab.run(30_000 * MS);
    assertThat(256 - lab.nodes.get(0).device.room()).isLessThanOrEqualTo(Limits.PROBES);
    assertThat(lab.state(1)).isEqualTo(MemberState.UP);
    assertThat(lab.state(2)).isEqualTo(MemberState.UP);
    lab.nodes.get(0).restart();
    lab.run(1_000 * MS);
    assertThat(lab.state(0)).isEqualTo(MemberState.UP);
  }

  @Test
  void aDeadMembersProbesAreNotResentOnAnother() {
    lab(CCM_ARP, 2);
    lab.run(300 * MS); // all announced
    lab.nodes.get(0).kill();
    lab.hostSends();
    lab.run(100 * MS);
    assertThat(lab.lastChange().resent()).as("data alone").isEqualTo(1);
    long probe = Macs.probe(Lab.BOND, LocalAddresses.of(Lab.BOND));
    lab.peerGot.clear();
    lab.run(100 * MS);
    assertThat(lab.peerGot).noneMatch(f -> Packets.mac(f, 6) == probe);
  }

  @Test
  void aPoolTooSmallForAMemberIsRefused() {
    lab(CCM, 1);
    List<Frame> taken = new ArrayList<>();
    while (pools.control.available() > 7) {
      taken.add(pools.control.take());
    }
    assertThatThrownBy(
            () ->
                lab.bond.add(
                    lab.nodes.get(0).member, new MemberConfig("x", 0x0200_0000_0099L, 0, 0)))
        .hasMessageContaining("has 7 frames left, a member needs 8");
    taken.forEach(Frame::release);
  }

  @Test
  void theOperatorsChoiceHoldsUntilThatMemberFails() {
    lab(CCM.withPrimary("m0").withReselect(Reselect.ALWAYS), 2);
    assertThat(lab.bond.setActive("m1")).isTrue();
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.MANUAL);
    lab.run(1000 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    lab.nodes.get(1).device.carrier(LinkState.DOWN);
    lab.run(MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    assertThat(lab.bond.setActive("m1")).isFalse();
    assertThat(lab.bond.setActive("nobody")).isFalse();
  }

  @Test
  void roomIsTheActiveMembersLessASlotOrTwoForProbes() {
    lab(CCM, 2);
    lab.nodes.get(0).kill();
    int taken = lab.hostSendsUpTo(1000);
    assertThat(taken).isEqualTo(256 - Limits.CONTROL_ROOM);
    assertThat(lab.bond.room()).isZero();
  }

  @Test
  void theDeadlineIsTheNextProbe() {
    lab(CCM, 1);
    assertThat(lab.bond.deadline() - lab.clock.nanos()).isBetween(-Lab.TURN, 10 * MS);
  }

  @Test
  void membersWithTheSameNameOrMacAreRefused() {
    lab(CCM, 1);
    var port = lab.nodes.get(0).member;
    assertThatThrownBy(() -> lab.bond.add(port, new MemberConfig("m0", 0x0200_0000_0099L, 0, 0)))
        .hasMessageContaining("two members are named m0");
    assertThatThrownBy(() -> lab.bond.add(port, new MemberConfig("x", Lab.BOND, 0, 0)))
        .hasMessageContaining("the same MAC");
  }

  @Test
  void continuityMessagesThatTheHostMakesDoNotGoOut() {
    lab(CCM, 1);
    var frame = pools.control.take();
    Ccm.write(frame, Lab.BOND, Continuity.GUEST, new Maid("braid"));
    Ccm.stamp(frame, 1, CcmInterval.MS_10, false, 1);
    lab.bond.send(new Frame[] {frame}, 1);
    assertThat(lab.counted("tx_drop_control")).isEqualTo(1);
  }
}
