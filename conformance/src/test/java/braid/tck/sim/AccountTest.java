package braid.tck.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The judge of the simulation condemns what it should: each rule, broken on purpose.
class AccountTest {
  private static final int FLOW = 0;

  private final Timeline time = new Timeline();
  private final Lan lan = new Lan(time, RandomGeneratorFactory.of("L64X128MixRandom").create(1));
  private final Nic one = new Nic("one", 0, time, lan);
  private final Nic other = new Nic("other", 1, time, lan);
  private final Account account = new Account(1, time, ordered(), 2);

  /// Some plan whose mode keeps flows in order.
  private static Plan ordered() {
    return Stream.iterate(1L, seed -> seed + 1)
        .map(seed -> Plan.of(RandomGeneratorFactory.of("L64X128MixRandom").create(seed)))
        .filter(Plan::keepsOrder)
        .findFirst()
        .orElseThrow();
  }

  @BeforeEach
  void framesOfOneFlow() {
    account.changed();
    time.runUntil(time.now() + 1);
    for (int number = 0; number < 4; number++) {
      account.accept(number, FLOW);
    }
  }

  private static void condemned(ThrowingCallable what, String why) {
    assertThatThrownBy(what).isInstanceOf(Violation.class).hasMessageContaining(why);
  }

  private void passes(int number, Nic nic) {
    account.handed(number, nic.index());
    account.leaves(number, nic, true);
    account.released(number);
  }

  @Test
  void aFrameThatTakesItsWayIsFine() {
    for (int number = 0; number < 4; number++) {
      passes(number, one);
    }
    account.assertLeft(0, 4);
    assertThat(account.repeated()).isZero();
    assertThat(account.dropped()).isZero();
  }

  @Test
  void aFrameSentMoreOftenThanHandedOver() {
    account.handed(0, 0);
    account.leaves(0, one, true);
    condemned(() -> account.leaves(0, one, true), "more often than it was handed over");
  }

  @Test
  void aFrameSentWhereItWasNotHandedOver() {
    account.handed(0, 0);
    condemned(() -> account.leaves(0, other, true), "more often than it was handed over");
  }

  @Test
  void aFrameThatOvertakesOnItsNic() {
    account.handed(0, 0);
    account.handed(1, 0);
    account.leaves(1, one, true);
    condemned(() -> account.leaves(0, one, true), "before what was handed over earlier");
  }

  @Test
  void aFrameThatOvertakesByAnotherNic() {
    account.handed(0, 0);
    account.handed(1, 1);
    account.leaves(1, other, true);
    condemned(() -> account.leaves(0, one, true), "overtaken");
  }

  @Test
  void overtakingIsExcusedByAChange() {
    account.handed(0, 0);
    account.handed(1, 1);
    account.leaves(1, other, true);
    account.changed();
    account.leaves(0, one, true);
    assertThat(account.repeated()).isZero();
  }

  @Test
  void framesHandedOverOutOfOrder() {
    account.handed(1, 0);
    condemned(() -> account.handed(0, 0), "handed over after");
  }

  @Test
  void aFrameDroppedWhileAWayWasThere() {
    condemned(() -> account.released(0), "dropped though a way was there");
    account.lossAllowed(true);
    account.released(1);
    assertThat(account.dropped()).isEqualTo(2);
  }

  @Test
  void aFrameReleasedTwice() {
    passes(0, one);
    condemned(() -> account.released(0), "released twice");
  }

  @Test
  void aFrameTakenTwice() {
    condemned(() -> account.accept(3, FLOW), "taken twice");
  }

  @Test
  void aFrameThatNeverLeft() {
    passes(0, one);
    condemned(() -> account.assertLeft(0, 2), "did not leave");
  }

  @Test
  void aRepeatedFrameIsCounted() {
    account.handed(0, 0);
    account.leaves(0, one, true);
    account.recalled(0);
    account.handed(0, 1);
    account.leaves(0, other, true);
    assertThat(account.repeated()).isEqualTo(1);
  }

  @Test
  void theGuestsWaitIsThatOfItsOldestBuffer() {
    passes(0, one);
    time.runUntil(time.now() + 5_000_000);
    assertThat(account.waiting()).isEqualTo(5_000_000);
  }
}
