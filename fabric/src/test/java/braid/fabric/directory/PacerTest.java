package braid.fabric.directory;

import static braid.fabric.directory.Nics.nic;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.SimClock;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacerTest {
  private static final long GAP = 1_000_000_000L;
  private final SimClock clock = new SimClock(-5);
  private final Pacer pacer = new Pacer(clock, GAP);

  @Test
  void theFirstAndEveryCarrierChangeGoAtOnce() {
    assertThat(pacer.dueNanos()).isEqualTo(-1);
    pacer.offer(List.of(nic("a", "e0", true, 1)));
    assertThat(pacer.take()).hasSize(1);
    pacer.offer(List.of(nic("a", "e0", false, 1)));
    assertThat(pacer.take()).hasSize(1);
    pacer.offer(List.of());
    assertThat(pacer.take()).isEmpty();
    assertThat(pacer.take()).isNull();
  }

  @Test
  void loadAloneWaitsAndTheLastLoadIsTold() {
    pacer.offer(List.of(nic("a", "e0", true, 1)));
    pacer.take();
    clock.advance(GAP / 4);
    pacer.offer(List.of(nic("a", "e0", true, 50)));
    assertThat(pacer.take()).isNull();
    assertThat(pacer.dueNanos()).isEqualTo(GAP / 4 * 3);
    pacer.offer(List.of(nic("a", "e0", true, 60)));
    clock.advance(GAP / 4 * 3);
    assertThat(pacer.take()).singleElement().matches(nic -> nic.loadPercent() == 60);
    assertThat(pacer.dueNanos()).isEqualTo(-1);
  }

  @Test
  void whatReturnsToWhatWasToldIsNotToldAgain() {
    pacer.offer(List.of(nic("a", "e0", true, 1), nic("a", "e1", true, 1)));
    pacer.take();
    pacer.offer(List.of(nic("a", "e0", true, 2), nic("a", "e1", true, 1)));
    pacer.offer(List.of(nic("a", "e1", true, 1), nic("a", "e0", true, 1)));
    assertThat(pacer.dueNanos()).isEqualTo(-1);
    clock.advance(10 * GAP);
    assertThat(pacer.take()).isNull();
  }
}
