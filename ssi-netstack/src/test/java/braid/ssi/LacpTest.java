package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import braid.ssi.LacpLab.Cable;
import braid.ssi.LacpLab.System;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Ends that speak LACP with each other, fault by fault.
class LacpTest {
  private static final long A = 0x0200_0000_0a00L;
  private static final long B = 0x0200_0000_0b00L;
  private static final long C = 0x0200_0000_0c00L;
  private static final LacpConfig SLOW = LacpConfig.DEFAULT;
  private static final LinkState TEN_GIGABIT = new LinkState(true, 10_000);

  @RegisterExtension final Pools pools = new Pools();

  private LacpLab lab;
  private System a;
  private System b;

  @BeforeEach
  void build() {
    lab = new LacpLab(pools, 1);
  }

  /// `a` and `b` with as many cables as ports.
  private void two(LacpConfig forA, LacpConfig forB, int ports) {
    a = lab.system(A, forA, ports);
    b = lab.system(B, forB, ports);
    for (int i = 0; i < ports; i++) {
      lab.cable(a, i, b, i);
    }
  }

  private static LacpConfig fast(int minLinks, AdSelect select) {
    return new LacpConfig(LacpRate.FAST, true, minLinks, select, 65_535, 0);
  }

  @ParameterizedTest
  @EnumSource
  void bothEndsUseAllLinksTwoSecondsAfterTheCarrier(LacpRate rate) {
    LacpConfig config = new LacpConfig(rate, true, 0, AdSelect.STABLE, 65_535, 0);
    two(config, config, 4);
    assertThat(lab.until(a, List.of(0, 1, 2, 3), 2_200)).isGreaterThanOrEqualTo(2_000);
    lab.run(50);
    assertThat(b.distributing()).containsExactly(0, 1, 2, 3);
    assertThat(a.collecting()).containsExactly(0, 1, 2, 3);
    int changes = a.changes;
    lab.run(300_000);
    assertThat(a.changes).as("quiet afterwards").isEqualTo(changes);
    assertThat(a.status(0).actor().port()).isEqualTo(1);
    assertThat(a.status(0).partner().system()).isEqualTo(B);
    assertThat(a.status(0).churned()).isFalse();
  }

  @Test
  void anEndSendsOnceASecondOrOnceInHalfAMinuteAsItsPartnerAsks() {
    two(LacpLab.FAST, SLOW, 1);
    lab.run(10_000);
    int fromA = a.sent;
    int fromB = b.sent;
    lab.run(300_000);
    assertThat(a.sent - fromA).as("b asks for slow").isEqualTo(10);
    assertThat(b.sent - fromB).as("a asks for fast").isBetween(299, 300);
  }

  @Test
  void aLinkWithoutCarrierIsOutAtOnceAndBackWithoutWaitingWhenItsPartnerIsTheSame() {
    two(LacpLab.FAST, LacpLab.FAST, 3);
    lab.until(a, List.of(0, 1, 2), 3_000);
    lab.run(100);
    lab.cables.get(1).link(LinkState.DOWN);
    assertThat(a.distributing()).containsExactly(0, 2);
    lab.turn();
    assertThat(a.distributing()).containsExactly(0, 2);
    lab.run(5_000);
    lab.cables.get(1).link(LacpLab.GIGABIT);
    assertThat(lab.until(a, List.of(0, 1, 2), 1_500)).isLessThan(1_500);
  }

  @Test
  void allLinksWithoutCarrierComeBackWithoutWaiting() {
    two(LacpLab.FAST, LacpLab.FAST, 2);
    lab.until(a, List.of(0, 1), 3_000);
    lab.run(100);
    lab.cables.forEach(cable -> cable.link(LinkState.DOWN));
    lab.run(1_000);
    assertThat(a.distributing()).isEmpty();
    lab.cables.forEach(cable -> cable.link(LacpLab.GIGABIT));
    assertThat(lab.until(a, List.of(0, 1), 1_500)).isLessThan(1_500);
  }

  @ParameterizedTest
  @EnumSource
  void silenceIsLossAfterThreeIntervals(LacpRate rate) {
    LacpConfig config = new LacpConfig(rate, true, 0, AdSelect.STABLE, 65_535, 0);
    two(config, config, 2);
    lab.until(a, List.of(0, 1), 3_000);
    lab.run(120_000);
    Cable cable = lab.cables.getFirst();
    cable.lossToA = 1;
    cable.lossToB = 1;
    long interval = rate.nanos() / LacpLab.MS;
    long took = lab.until(a, List.of(1), 3 * interval + 100);
    assertThat(took).isGreaterThanOrEqualTo(2 * interval - 100);
    assertThat(a.status(0).receive()).isEqualTo(LacpReceive.EXPIRED);
    lab.run(3_500);
    assertThat(a.status(0).receive()).isEqualTo(LacpReceive.DEFAULTED);
    assertThat(a.distributing()).as("a link of its own stands by").containsExactly(1);
    cable.lossToA = 0;
    cable.lossToB = 0;
    lab.until(a, List.of(0, 1), 4_000);
  }

  @Test
  void aLinkThatWorksOneWayOnlyIsOutAtBothEnds() {
    two(LacpLab.FAST, LacpLab.FAST, 2);
    lab.until(a, List.of(0, 1), 3_000);
    lab.run(1_000);
    lab.cables.getFirst().lossToB = 1;
    assertThat(lab.until(b, List.of(1), 3_100)).isGreaterThan(1_900);
    lab.run(20);
    assertThat(a.distributing()).as("told by b").containsExactly(1);
    lab.run(60_000);
    assertThat(a.distributing()).containsExactly(1);
    assertThat(b.distributing()).containsExactly(1);
    lab.cables.getFirst().lossToB = 0;
    lab.until(a, List.of(0, 1), 4_000);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPartnerThatStartsAnewIsTakenBack(boolean carrierDrops) {
    two(LacpLab.FAST, LacpLab.FAST, 2);
    lab.until(a, List.of(0, 1), 3_000);
    lab.run(1_000);
    if (carrierDrops) {
      lab.cables.forEach(cable -> cable.link(LinkState.DOWN));
      lab.run(500);
      lab.cables.forEach(cable -> cable.link(LacpLab.GIGABIT));
    }
    b.restart(LacpLab.FAST);
    lab.run(20);
    assertThat(a.distributing()).as("b waits and does not collect").isEmpty();
    lab.until(b, List.of(0, 1), 4_000);
    lab.until(a, List.of(0, 1), 100);
  }

  @Test
  void aPartnerThatDiesAndReturnsIsTakenBack() {
    two(LacpLab.FAST, LacpLab.FAST, 2);
    lab.until(a, List.of(0, 1), 3_000);
    b.running = false;
    assertThat(lab.until(a, List.of(), 3_100)).isGreaterThan(1_900);
    b.running = true;
    b.restart(LacpLab.FAST);
    lab.until(a, List.of(0, 1), 8_000);
  }

  @Test
  void linksToTwoPartnersAreNeverUsedTogether() {
    a = lab.system(A, LacpLab.FAST, 4);
    b = lab.system(B, LacpLab.FAST, 2);
    System c = lab.system(C, LacpLab.FAST, 2);
    lab.cable(a, 0, b, 0);
    lab.cable(a, 1, b, 1);
    lab.cable(a, 2, c, 0);
    lab.cable(a, 3, c, 1);
    lab.until(a, List.of(0, 1), 2_200);
    lab.run(30_000);
    assertThat(a.distributing()).containsExactly(0, 1);
    assertThat(c.distributing()).as("a does not say that it is in sync").isEmpty();
    assertThat(a.status(2).selection()).isEqualTo(LacpSelection.STANDBY);

    b.running = false;
    assertThat(lab.until(a, List.of(2, 3), 3_100)).isLessThan(3_100);
    b.running = true;
    lab.run(30_000);
    assertThat(a.distributing()).as("stable").containsExactly(2, 3);
  }

  @Test
  void aCableMovedToAnotherPartnerLeavesTheAggregator() {
    a = lab.system(A, fast(0, AdSelect.COUNT), 4);
    b = lab.system(B, LacpLab.FAST, 2);
    System c = lab.system(C, LacpLab.FAST, 2);
    lab.cable(a, 0, b, 0);
    Cable moved = lab.cable(a, 1, b, 1);
    Cable other = lab.cable(a, 2, c, 0);
    lab.cable(a, 3, c, 1);
    lab.until(a, List.of(0, 1), 2_200);
    lab.run(1_000);
    lab.swap(moved, other);
    lab.run(5);
    assertThat(a.distributing()).as("neither is with its partner yet").doesNotContain(1, 2);
    lab.run(5_000);
    assertThat(a.distributing()).containsExactly(0, 2);
    assertThat(a.status(1).partner().system()).isEqualTo(C);
    assertThat(a.status(2).partner().system()).isEqualTo(B);
    assertThat(b.distributing()).containsExactly(0, 1);
  }

  @ParameterizedTest
  @EnumSource
  void linksOfDifferentSpeedNeverShareAnAggregator(AdSelect select) {
    two(fast(0, select), LacpLab.FAST, 3);
    lab.cables.get(2).link(TEN_GIGABIT);
    List<Integer> expected = select == AdSelect.COUNT ? List.of(0, 1) : List.of(2);
    lab.until(a, expected, 2_300);
    lab.run(5_000);
    assertThat(a.distributing()).isEqualTo(expected);
    lab.cables.get(2).link(LacpLab.GIGABIT);
    lab.run(5_000);
    assertThat(a.distributing()).containsExactly(0, 1, 2);
  }

  @Test
  void ofTwoSystemsThatWouldChooseDifferentlyTheOneWithTheLowerIdentifierDecides() {
    a = lab.system(A, fast(0, AdSelect.BANDWIDTH), 3);
    b = lab.system(B, fast(0, AdSelect.COUNT), 3);
    for (int i = 0; i < 3; i++) {
      lab.cable(a, i, b, i);
    }
    lab.cables.get(2).link(TEN_GIGABIT);
    lab.until(a, List.of(2), 3_000);
    lab.run(100);
    assertThat(b.distributing()).containsExactly(2);
    b.restart(new LacpConfig(LacpRate.FAST, true, 0, AdSelect.COUNT, 1, 0));
    lab.until(b, List.of(0, 1), 8_000);
    lab.run(20_000);
    assertThat(a.distributing()).containsExactly(0, 1);
    assertThat(b.distributing()).containsExactly(0, 1);
  }

  @Test
  void fewerLinksThanMinLinksAreAsGoodAsNone() {
    two(fast(2, AdSelect.STABLE), LacpLab.FAST, 3);
    lab.until(a, List.of(0, 1, 2), 2_200);
    lab.cables.get(0).link(LinkState.DOWN);
    lab.turn();
    assertThat(a.distributing()).containsExactly(1, 2);
    lab.cables.get(1).link(LinkState.DOWN);
    lab.turn();
    assertThat(a.distributing()).isEmpty();
    assertThat(a.collecting()).as("the partner may send").contains(2);
    lab.cables.get(0).link(LacpLab.GIGABIT);
    lab.until(a, List.of(0, 2), 1_500);
  }

  @Test
  void anAggregatorThatMeetsMinLinksIsTakenInPlaceOfOneThatDoesNotAnyMore() {
    a = lab.system(A, fast(2, AdSelect.STABLE), 4);
    b = lab.system(B, LacpLab.FAST, 2);
    System c = lab.system(C, LacpLab.FAST, 2);
    Cable cut = lab.cable(a, 0, b, 0);
    lab.cable(a, 1, b, 1);
    lab.cable(a, 2, c, 0);
    lab.cable(a, 3, c, 1);
    lab.until(a, List.of(0, 1), 2_200);
    lab.run(5_000);
    cut.link(LinkState.DOWN);
    assertThat(lab.until(a, List.of(2, 3), 1_100)).isLessThan(1_100);
  }

  @Test
  void withoutLacpAtTheFarEndOneLinkIsUsedAlone() {
    two(LacpLab.FAST, LacpLab.FAST, 3);
    b.running = false;
    assertThat(lab.until(a, List.of(0), 3_100)).isGreaterThanOrEqualTo(3_000);
    lab.run(30_000);
    assertThat(a.distributing()).containsExactly(0);
    assertThat(a.status(0).actor().is(LacpInfo.DEFAULTED)).isTrue();
    lab.cables.get(0).link(LinkState.DOWN);
    lab.turn();
    assertThat(a.distributing()).containsExactly(1);
    b.running = true;
    lab.run(10_000);
    assertThat(a.distributing()).containsExactly(1, 2);
  }

  @Test
  void aPassiveEndSpeaksOnlyWhenSpokenTo() {
    LacpConfig passive = new LacpConfig(LacpRate.FAST, false, 0, AdSelect.STABLE, 65_535, 0);
    two(passive, passive, 2);
    lab.run(20_000);
    assertThat(a.sent + b.sent).isZero();
    b.restart(LacpLab.FAST);
    lab.until(a, List.of(0, 1), 3_000);
    assertThat(a.sent).isPositive();
  }

  @Test
  void aLoopToOurselvesIsNoPartner() {
    a = lab.system(A, LacpLab.FAST, 2);
    lab.cable(a, 0, a, 1);
    lab.run(10_000);
    assertThat(a.wrong).isPositive();
    assertThat(a.distributing()).hasSize(1);
    assertThat(a.status(0).receive()).isEqualTo(LacpReceive.DEFAULTED);
  }

  @Test
  void aLinkThatDoesNotGetInSyncWithinAMinuteChurns() {
    two(LacpLab.FAST, LacpLab.FAST, 2);
    lab.until(a, List.of(0, 1), 3_000);
    lab.cables.get(1).link(TEN_GIGABIT);
    lab.run(70_000);
    List<LacpStatus> links = a.lacp.status();
    assertThat(links).extracting(LacpStatus::churned).containsExactlyInAnyOrder(true, false);
  }

  @Test
  void aConfigurationThatChangesKeepsTheLinksUpUnlessTheirKeysChange() {
    two(SLOW, SLOW, 2);
    lab.until(a, List.of(0, 1), 2_200);
    lab.run(1_000);
    int changes = a.changes;
    a.lacp.reconfigure(LacpLab.FAST, lab.clock.nanos());
    lab.run(10_000);
    assertThat(b.status(0).partner().is(LacpInfo.SHORT_TIMEOUT)).isTrue();
    assertThat(a.changes).isEqualTo(changes);
    a.lacp.reconfigure(
        new LacpConfig(LacpRate.FAST, true, 0, AdSelect.STABLE, 65_535, 3), lab.clock.nanos());
    lab.turn();
    assertThat(a.distributing()).isEmpty();
    lab.until(a, List.of(0, 1), 3_000);
  }

  @Test
  void timeInWhichTheWorkerStoodStillIsNotSilence() {
    two(LacpLab.FAST, LacpLab.FAST, 1);
    lab.until(a, List.of(0), 2_200);
    lab.run(1_000);
    lab.clock.advance(20_000 * LacpLab.MS);
    a.lacp.stalled(20_000 * LacpLab.MS);
    b.lacp.stalled(20_000 * LacpLab.MS);
    int changes = a.changes;
    lab.run(5_000);
    assertThat(a.changes).isEqualTo(changes);
  }

  @Test
  void silenceIsNotJudgedWhileFramesWait() {
    two(LacpLab.FAST, LacpLab.FAST, 1);
    lab.until(a, List.of(0), 2_200);
    a.ports.getFirst().drained(false);
    b.running = false;
    lab.run(5_000);
    assertThat(a.distributing()).containsExactly(0);
    a.ports.getFirst().drained(true);
    lab.turn();
    assertThat(a.distributing()).isEmpty();
  }

  private int answers(LacpPort port, int markers) {
    int answers = 0;
    for (int i = 0; i < markers; i++) {
      Frame frame =
          pools.hex(
              "0180c2000002 020000000b01 8809 02 01 0110 0001 020000000b00 0000000"
                  + i % 10
                  + "0000 0000"
                  + "00".repeat(90));
      assertThat(a.lacp.heard(port, frame, lab.clock.nanos())).isEqualTo(Lacp.Heard.TAKEN);
      frame.release();
      while (a.lacp.due(port, lab.clock.nanos())) {
        Frame answer = pools.control.take();
        a.lacp.write(port, answer, lab.clock.nanos());
        answers += Lacpdu.kind(answer) == Lacpdu.Kind.RESPONSE ? 1 : 0;
        answer.release();
      }
      lab.clock.advance(LacpLab.MS);
    }
    return answers;
  }

  @Test
  void markersAreAnsweredAndAFloodOfThemIsNot() {
    two(LacpLab.FAST, LacpLab.FAST, 1);
    lab.until(a, List.of(0), 2_200);
    lab.run(2_000);
    assertThat(answers(a.ports.getFirst(), 1)).isEqualTo(1);
    lab.run(2_000);
    assertThat(answers(a.ports.getFirst(), 990)).isEqualTo(3);
  }

  @Test
  void aFloodOfLacpdusIsAnsweredThreeTimesASecond() {
    two(LacpLab.FAST, LacpLab.FAST, 1);
    lab.until(a, List.of(0), 2_200);
    lab.run(2_000);
    List<Frame> sent = new ArrayList<>();
    LacpPort port = a.ports.getFirst();
    for (int i = 0; i < 1_000; i++) {
      Frame frame = pools.data.take();
      LacpInfo from = new LacpInfo(1, C + i, i, 1, 1 + i, LacpInfo.ACTIVE);
      Lacpdu.write(frame, C, from, LacpInfo.NOBODY);
      assertThat(a.lacp.heard(port, frame, lab.clock.nanos())).isEqualTo(Lacp.Heard.TAKEN);
      frame.release();
      boolean _ = a.lacp.turn(lab.clock.nanos());
      while (a.lacp.due(port, lab.clock.nanos())) {
        Frame answer = pools.control.take();
        a.lacp.write(port, answer, lab.clock.nanos());
        sent.add(answer);
      }
      lab.clock.advance(LacpLab.MS);
    }
    assertThat(sent).hasSizeBetween(3, 6);
    sent.forEach(Frame::release);
  }

  @Test
  void aLinkThatLeavesTakesNothingWithIt() {
    two(LacpLab.FAST, LacpLab.FAST, 3);
    lab.until(a, List.of(0, 1, 2), 2_200);
    a.lacp.remove(a.ports.getFirst());
    lab.clock.advance(LacpLab.MS);
    boolean _ = a.lacp.turn(lab.clock.nanos());
    assertThat(a.lacp.distributing(a.ports.get(1))).isTrue();
    LacpPort added = a.lacp.add("new", A + 9);
    assertThat(added.number()).as("a number nobody had").isEqualTo(4);
  }
}
