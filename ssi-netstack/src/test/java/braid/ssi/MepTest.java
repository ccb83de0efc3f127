package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.ssi.Mep.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MepTest {
  private static final long INTERVAL = CcmInterval.MS_10.nanos();
  private static final long LOSS = 35_000_000;

  @RegisterExtension final Pools pools = new Pools();

  private final Mep mep = new Mep(Continuity.GUEST);
  private int sequence;

  @BeforeEach
  void start() {
    mep.reset(0);
  }

  private boolean hear(long now, Continuity from, boolean rdi, int status) {
    Frame frame = pools.data.take();
    Ccm.write(frame, 1, from, new Maid("braid"));
    Ccm.stamp(frame, sequence++, from.interval(), rdi, status);
    boolean right = mep.heard(frame, false, now);
    frame.release();
    return right;
  }

  private void hear(long now) {
    assertThat(hear(now, Continuity.NODE, false, Ccm.STATUS_UP)).isTrue();
  }

  private boolean says(long now) {
    Frame frame = pools.data.take();
    mep.write(frame, 1, true, now);
    boolean rdi = Ccm.rdi(frame);
    frame.release();
    return rdi;
  }

  @Test
  void beforeTheFirstMessageThereIsNothingToLose() {
    assertThat(mep.verdict(0)).isEqualTo(Verdict.UNHEARD);
    assertThat(mep.beat().lost(1L << 60)).isFalse();
    assertThat(mep.changesAt(0)).isEqualTo(Long.MAX_VALUE);
    assertThat(says(0)).as("RDI").isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void lossIsDeclaredAtThreeAndAHalfIntervalsAndNotBefore(CcmInterval interval) {
    Mep each = new Mep(Continuity.GUEST.every(interval));
    each.reset(0);
    Frame frame = pools.data.take();
    Ccm.write(frame, 1, Continuity.NODE, new Maid("braid"));
    Ccm.stamp(frame, 1, interval, false, Ccm.STATUS_UP);
    assertThat(each.heard(frame, false, 100)).isTrue();
    frame.release();
    long loss = interval.nanos() * 7 / 2;
    assertThat(each.changesAt(100)).isEqualTo(100 + loss);
    assertThat(each.beat().lost(99 + loss)).isFalse();
    assertThat(each.verdict(99 + loss)).isEqualTo(Verdict.HEALTHY);
    assertThat(each.beat().lost(100 + loss)).isTrue();
    assertThat(each.beat().lost(100 + loss)).as("only once").isFalse();
    assertThat(each.verdict(100 + loss)).isEqualTo(Verdict.LOST);
  }

  @Test
  void whoDoesNotHearSaysSoUntilItHearsAgain() {
    hear(0);
    assertThat(says(1)).isFalse();
    assertThat(mep.beat().lost(LOSS)).isTrue();
    assertThat(says(LOSS)).isTrue();
    hear(LOSS + 1);
    assertThat(says(LOSS + 2)).isFalse();
    assertThat(mep.verdict(LOSS + 2)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void anyInterfaceStatusButUpIsDownAndNoneIsUp() {
    for (int status = 1; status <= 7; status++) {
      assertThat(hear(0, Continuity.NODE, false, status)).isTrue();
      assertThat(mep.verdict(0)).isEqualTo(status == 1 ? Verdict.HEALTHY : Verdict.PEER_DOWN);
    }
    assertThat(hear(0, Continuity.NODE, false, 0)).isTrue();
    assertThat(mep.verdict(0)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void aRemoteDefectIsBelievedOnlyAfterWeSentLongEnoughWithoutAPause() {
    assertThat(hear(10, Continuity.NODE, true, 1)).isTrue();
    assertThat(mep.verdict(10)).isEqualTo(Verdict.HEALTHY);
    assertThat(mep.changesAt(10)).isEqualTo(LOSS);
    assertThat(hear(LOSS, Continuity.NODE, true, 1)).isTrue();
    assertThat(mep.verdict(LOSS)).isEqualTo(Verdict.REMOTE_DEFECT);

    long pause = 10 * INTERVAL;
    long resumed = LOSS + pause;
    assertThat(hear(LOSS, Continuity.NODE, false, 1)).isTrue();
    mep.stalled(pause, pause - INTERVAL, resumed);
    assertThat(hear(resumed, Continuity.NODE, true, 1)).isTrue();
    assertThat(mep.verdict(resumed)).isEqualTo(Verdict.HEALTHY);
    assertThat(hear(resumed + LOSS, Continuity.NODE, true, 1)).isTrue();
    assertThat(mep.verdict(resumed + LOSS)).isEqualTo(Verdict.REMOTE_DEFECT);
  }

  @Test
  void aRemoteDefectOnceBelievedIsNotForgottenInAPause() {
    assertThat(hear(LOSS, Continuity.NODE, true, 1)).isTrue();
    assertThat(mep.verdict(LOSS)).isEqualTo(Verdict.REMOTE_DEFECT);
    mep.stalled(10 * INTERVAL, 9 * INTERVAL, LOSS + 10 * INTERVAL);
    assertThat(mep.verdict(LOSS + 10 * INTERVAL)).isEqualTo(Verdict.REMOTE_DEFECT);
    assertThat(hear(LOSS + 10 * INTERVAL, Continuity.NODE, false, 1)).isTrue();
    assertThat(mep.verdict(LOSS + 10 * INTERVAL)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void aPauseTooShortForThePeerToNoticeDoesNotExcuseARemoteDefect() {
    mep.stalled(2 * INTERVAL, INTERVAL, LOSS - 1);
    assertThat(hear(LOSS, Continuity.NODE, true, 1)).isTrue();
    assertThat(mep.verdict(LOSS)).isEqualTo(Verdict.REMOTE_DEFECT);
  }

  @Test
  void timeInWhichWeStoodStillIsNotSilence() {
    hear(0);
    long pause = 50 * INTERVAL;
    mep.stalled(pause, pause - INTERVAL, pause);
    assertThat(mep.beat().lost(pause)).isFalse();
    assertThat(mep.beat().lossAt()).isEqualTo(LOSS + pause - INTERVAL);
    assertThat(mep.beat().lost(LOSS + pause - INTERVAL)).isTrue();
  }

  @Test
  void ourOwnNumberOrAnotherIntervalIsWrong() {
    assertThat(hear(0, Continuity.GUEST, false, 1)).isFalse();
    assertThat(hear(0, Continuity.NODE.every(CcmInterval.S_1), false, 1)).isFalse();
    assertThat(mep.verdict(0)).isEqualTo(Verdict.UNHEARD);
  }

  @Test
  void thePassiveEndTakesThePeersInterval() {
    Frame frame = pools.data.take();
    Ccm.write(frame, 1, Continuity.NODE, new Maid("braid"));
    Ccm.stamp(frame, 0, CcmInterval.MS_3_33, false, 1);
    assertThat(mep.heard(frame, true, 0)).isTrue();
    assertThat(mep.beat().everyNanos()).isEqualTo(3_333_333);
    Ccm.stamp(frame, 0, CcmInterval.MS_3_33, false, 1);
    Wire.put8(frame, 16, 0);
    assertThat(mep.heard(frame, true, 0)).as("code 0 is no interval").isFalse();
    frame.release();
  }

  @Test
  void gapsInTheSequenceAreCounted() {
    hear(0);
    sequence += 4;
    hear(1);
    hear(2);
    assertThat(mep.missed()).isEqualTo(4);
    sequence = 0;
    hear(3);
    assertThat(mep.missed()).as("a peer that started anew").isEqualTo(4);
  }

  @Test
  void messagesGoOutAtTheIntervalAndAreNotMadeUpFor() {
    assertThat(mep.beat().due(0)).isTrue();
    assertThat(says(0)).isFalse();
    assertThat(mep.beat().nextSend()).isEqualTo(INTERVAL);
    assertThat(says(INTERVAL + 5)).isFalse();
    assertThat(mep.beat().nextSend()).as("no drift").isEqualTo(2 * INTERVAL);
    assertThat(says(9 * INTERVAL)).isFalse();
    assertThat(mep.beat().nextSend()).as("no burst").isEqualTo(10 * INTERVAL);
  }
}
