package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HoldDownTest {
  private final HoldDown fresh = HoldDown.none(BondConfig.DEFAULT.withHold(100, 700, 50).health());

  @Test
  void aMemberThatNeverFailedWaitsForNothing() {
    assertThat(fresh.nanos()).isZero();
  }

  @Test
  void aNewcomerWaitsTheBaseTimeAndOneThatFailedNoLessThanItHasTo() {
    assertThat(fresh.newcomer().nanos()).isEqualTo(100);
    assertThat(fresh.afterFailure(0).afterFailure(0).newcomer().nanos()).isEqualTo(200);
  }

  @Test
  void theFirstFailureGivesTheBaseTimeHoweverSoon() {
    assertThat(fresh.afterFailure(0).nanos()).isEqualTo(100);
  }

  @Test
  void failingAgainSoonDoublesUpToTheCap() {
    HoldDown hold = fresh.afterFailure(0);
    long[] expected = {200, 400, 700, 700};
    for (long each : expected) {
      hold = hold.afterFailure(49);
      assertThat(hold.nanos()).isEqualTo(each);
    }
  }

  @Test
  void aLongGoodTimeIsForgivenWithTheBaseTime() {
    HoldDown hold = fresh.afterFailure(0).afterFailure(0).afterFailure(0);
    assertThat(hold.afterFailure(50).nanos()).isEqualTo(100);
  }
}
