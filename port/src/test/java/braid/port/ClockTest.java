package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ClockTest {
  @Test
  void aSimulatedClockMovesOnlyByHandAndNeverBack() {
    SimClock clock = new SimClock(10);
    assertThat(clock.nanos()).isEqualTo(10);
    clock.advance(5);
    assertThat(clock.nanos()).isEqualTo(15);
    assertThatThrownBy(() -> clock.advance(-1)).hasMessageContaining("cannot go back by 1 ns");
  }

  @Test
  void theEpochClockShowsTheDateAndRuns() {
    Clock clock = Clock.sinceEpoch();
    long first = clock.nanos();
    assertThat(first / 1_000_000_000L)
        .isBetween(Instant.now().getEpochSecond() - 60, Instant.now().getEpochSecond() + 60);
    assertThat(clock.nanos()).isGreaterThanOrEqualTo(first);
  }
}
