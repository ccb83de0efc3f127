package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Doubt about a target when steady data stops; alone, and in a bond.
class SuspicionTest {
  private static final long MS = 1_000_000;
  private static final BondConfig CONFIG =
      BondConfig.DEFAULT.withMonitors(Continuity.GUEST, ArpTarget.of("10.0.0.1"));

  @RegisterExtension final Pools pools = new Pools();

  private final Suspicion suspicion = new Suspicion(10 * MS, 3);
  private long now = 1_000 * MS;

  @BeforeEach
  void start() {
    suspicion.reset(now);
  }

  private void data(int frames, long gap) {
    for (int i = 0; i < frames; i++) {
      now += gap;
      suspicion.data(now);
    }
  }

  /// Goes on without frames, asks when due.
  ///
  /// @return questions asked
  private int silent(long nanos) {
    int asked = 0;
    for (long end = now + nanos; now < end && !suspicion.lost(now); ) {
      now += MS / 10;
      suspicion.turned(MS / 10, now);
      if (suspicion.due(now)) {
        suspicion.asked(now);
        asked++;
      }
    }
    return asked;
  }

  @Test
  void afterSteadyDataThreeQuestionsWithoutAnswerAreLoss() {
    data(60, MS);
    long stopped = now;
    assertThat(silent(20 * MS)).isEqualTo(3);
    assertThat(suspicion.lost(now)).isTrue();
    assertThat(now - stopped).isBetween(7 * MS, 7 * MS + MS / 5);
  }

  @Test
  void anAnswerEndsTheDoubtAndTheSenderIsDone() {
    data(60, MS);
    long end = now + 40 * MS;
    int asked = 0;
    while (now < end) {
      now += MS / 10;
      if (suspicion.due(now)) {
        suspicion.asked(now);
        suspicion.answered(now);
        asked++;
      }
      assertThat(suspicion.lost(now)).isFalse();
    }
    assertThat(asked).as("one each 2 ms until 17 ms after the last data").isBetween(7, 8);
    assertThat(suspicion.changesAt(now)).isEqualTo(Long.MAX_VALUE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4})
  void tooLittleDataRaisesNoDoubt(int frames) {
    data(frames, 9 * MS);
    assertThat(silent(50 * MS)).isZero();
  }

  @Test
  void dataWithGapsIsNotSteady() {
    data(60, 20 * MS);
    assertThat(silent(50 * MS)).isZero();
  }

  @Test
  void oneGapDoesNotMakeDataUnsteady() {
    data(90, MS);
    data(1, 29 * MS);
    assertThat(silent(50 * MS)).isEqualTo(3);
  }

  @Test
  void afterALongGapDataMustBecomeSteadyAnew() {
    data(90, MS);
    data(1, 80 * MS);
    data(38, MS);
    assertThat(silent(50 * MS)).isZero();
    data(1, MS);
    data(60, MS);
    assertThat(silent(50 * MS)).isEqualTo(3);
  }

  private void slowAnswer(long nanos) {
    data(60, MS);
    suspicion.asked(now);
    now += nanos;
    suspicion.answered(now);
    suspicion.data(now);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 9})
  void aTargetSlowToAnswerGetsTwiceThatTime(int millis) {
    slowAnswer(millis * MS);
    long stopped = now;
    assertThat(silent(50 * MS)).isEqualTo(millis);
    assertThat(suspicion.lost(now)).isTrue();
    assertThat(now - stopped).isBetween(2 * millis * MS, 2 * millis * MS + MS + MS / 5);
  }

  @Test
  void withATargetSlowerThanTheRhythmCanTellThereIsNoDoubt() {
    slowAnswer(9 * MS);
    suspicion.asked(now);
    now += 18 * MS;
    suspicion.answered(now);
    data(60, MS);
    assertThat(silent(50 * MS)).isZero();
  }

  @Test
  void slownessIsForgotten() {
    slowAnswer(20 * MS);
    data(60, MS);
    for (int i = 0; i < 7; i++) {
      suspicion.asked(now);
      suspicion.answered(now);
    }
    long stopped = now;
    assertThat(silent(50 * MS)).isEqualTo(3);
    assertThat(now - stopped).isBetween(7 * MS, 7 * MS + MS / 5);
  }

  @Test
  void steadyDataStaysSteadyOverAStandstillOfOurs() {
    data(60, MS);
    now += 30 * MS;
    suspicion.turned(30 * MS, now);
    data(3, MS);
    assertThat(silent(50 * MS)).isEqualTo(3);
  }

  @Test
  void anAnswerThatWaitedForUsDoesNotMakeTheTargetSlow() {
    data(60, MS);
    suspicion.asked(now);
    now += 20 * MS;
    suspicion.turned(20 * MS, now);
    suspicion.answered(now);
    data(60, MS);
    assertThat(silent(50 * MS)).isEqualTo(3);
  }

  @Test
  void aStandstillOfOursIsNoSilenceOfTheirs() {
    data(60, MS);
    assertThat(silent(3 * MS)).isEqualTo(1);
    now += 30 * MS;
    suspicion.turned(30 * MS, now);
    assertThat(suspicion.lost(now)).isFalse();
    assertThat(silent(2 * MS)).isPositive();
    assertThat(suspicion.lost(now)).as("only 7 ms that we saw").isFalse();
  }

  @Test
  void withoutQuestionsThereIsNoLoss() {
    data(60, MS);
    now += 8 * MS;
    assertThat(suspicion.lost(now)).isFalse();
  }

  @Test
  void timersAreForeseen() {
    data(60, MS);
    for (int i = 1; i <= 3; i++) {
      assertThat(suspicion.changesAt(now)).isEqualTo(now + 2 * MS);
      now = suspicion.changesAt(now);
      assertThat(suspicion.due(now)).isTrue();
      suspicion.asked(now);
    }
    now = suspicion.changesAt(now);
    assertThat(suspicion.lost(now)).isTrue();
  }

  private Lab steady(int members) {
    Lab lab = new Lab(pools, CONFIG, members, 1);
    for (int i = 0; i < 200; i++) {
      lab.peerSends();
      lab.run(MS);
    }
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    return lab;
  }

  @Test
  void underTrafficABlackholeIsNoticedInAFifthOfTheTime() {
    Lab lab = steady(2);
    lab.nodes.getFirst().blackhole(true);
    for (int i = 0; i < 10; i++) {
      lab.peerSends();
      lab.run(MS);
    }
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.TARGET);
    lab.close();
  }

  @Test
  void aPeerThatJustStopsSendingChangesNothing() {
    Lab lab = steady(2);
    int changes = lab.changes.size();
    lab.run(500 * MS);
    assertThat(lab.changes).hasSize(changes);
    lab.close();
  }

  /// 20 ms: long enough for doubt, too short for the continuity check.
  @Test
  void whatWaitsBehindDataThatOurOwnHostHoldsUpIsNoSilence() {
    Lab lab = steady(2);
    int changes = lab.changes.size();
    lab.nodes.getFirst().member.blocked(true);
    for (int i = 0; i < 40; i++) {
      lab.nodes.getFirst().member.blocked(i < 20);
      lab.peerSends();
      lab.run(MS);
    }
    assertThat(lab.changes).hasSize(changes);
    lab.close();
  }

  @Test
  void aBlackholeWhileOurHostIsSlowIsNoticedAfterwards() {
    Lab lab = steady(2);
    lab.nodes.getFirst().member.blocked(true);
    lab.run(10 * MS);
    lab.nodes.getFirst().blackhole(true);
    lab.run(10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    lab.nodes.getFirst().member.blocked(false);
    lab.run(40 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.TARGET);
    lab.close();
  }

  /// Both are taken off the silence, but not one after the other.
  @Test
  void aStandstillWhileOurHostIsSlowDelaysNothingAfterwards() {
    Lab lab = new Lab(pools, CONFIG, 2, 1);
    lab.run(200 * MS);
    lab.nodes.getFirst().blackhole(true);
    lab.run(2 * MS);
    lab.nodes.getFirst().member.blocked(true);
    lab.run(2 * MS);
    lab.clock.advance(500 * MS);
    lab.turn();
    lab.nodes.getFirst().member.blocked(false);
    lab.run(60 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.TARGET);
    lab.close();
  }
}
