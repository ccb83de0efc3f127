package braid.port;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CounterTest {
  @Test
  void aCounterStartsAtZeroAndAdds() {
    Counter counter = new Counter("rx_drop_full");
    counter.add(2);
    counter.add(40);
    assertThat(counter.get()).isEqualTo(42);
    assertThat(counter).hasToString("rx_drop_full=42");
  }

  @Test
  void portCountersKeepTheOrderInWhichTheyWereMade() {
    PortCounters counters = new PortCounters();
    Counter own = counters.counter("tx_drop_full");
    assertThat(counters.all())
        .containsExactly(
            counters.rxFrames, counters.rxBytes, counters.txFrames, counters.txBytes, own);
  }

  @Test
  void readersOnAnotherThreadNeverSeeTheCounterGoBack() throws InterruptedException {
    Counter counter = new Counter("n");
    boolean[] wentBack = new boolean[1];
    Thread reader =
        new Thread(
            () -> {
              long last = 0;
              while (last < 100_000) {
                long now = counter.get();
                wentBack[0] |= now < last;
                last = now;
              }
            });
    reader.start();
    for (int i = 0; i < 100_000; i++) {
      counter.add(1);
    }
    reader.join(10_000);
    assertThat(reader.isAlive()).isFalse();
    assertThat(wentBack[0]).isFalse();
  }
}
