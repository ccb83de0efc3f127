package braid.port;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PipePortTest {
  @RegisterExtension final PoolBalance balance = new PoolBalance(8, 128, 0);

  private final PipePort near = new PipePort("a", "b", 3);
  private final Frame[] batch = new Frame[8];

  private void send(int... bytes) {
    for (int each : bytes) {
      near.send(new Frame[] {balance.frame(each)}, 1);
    }
  }

  @Test
  void whatIsSentIntoOneEndComesOutOfTheOtherInOrder() {
    send(1, 2, 3);
    assertThat(near.far().receive(batch, 8)).isEqualTo(3);
    assertThat(batch[0].u8(0)).isEqualTo(1);
    assertThat(batch[2].u8(0)).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      batch[i].release();
    }
    assertThat(near.counters().txFrames.get()).isEqualTo(3);
    assertThat(near.far().counters().rxBytes.get()).isEqualTo(3);
  }

  @Test
  void aFullPipeDropsAndCounts() {
    send(1, 2, 3, 4);
    assertThat(near.room()).isZero();
    assertThat(near.counters().all()).extracting(Counter::toString).contains("tx_drop_full=1");
    near.drain();
  }

  @Test
  void withoutCarrierNothingGoesIn() {
    near.carrier(LinkState.DOWN);
    send(1);
    assertThat(near.far().arm()).isFalse();
    assertThat(near.counters().all()).extracting(Counter::toString).contains("tx_drop_link_down=1");
  }

  @Test
  void recallTakesBackExactlyWhatTheFarEndHasNotTakenOldestFirst() {
    send(1, 2, 3);
    assertThat(near.far().receive(batch, 1)).isEqualTo(1);
    batch[0].release();
    assertThat(near.recall(batch, 8)).isEqualTo(2);
    assertThat(batch[0].u8(0)).isEqualTo(2);
    assertThat(batch[1].u8(0)).isEqualTo(3);
    batch[0].release();
    batch[1].release();
    assertThat(near.far().receive(batch, 8)).isZero();
  }

  @Test
  void theQueueWrapsAroundItsEnd() {
    for (int i = 0; i < 10; i++) {
      send(i, i + 1);
      assertThat(near.far().receive(batch, 2)).isEqualTo(2);
      assertThat(batch[1].u8(0)).isEqualTo(i + 1);
      batch[0].release();
      batch[1].release();
    }
  }
}
