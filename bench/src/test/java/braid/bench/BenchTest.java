package braid.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import braid.bench.PairStatistics.Pair;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchTest {
  @Test
  void optionsHaveTheirDefaults() {
    Bench.Options options = Bench.Options.parse(List.of());
    assertThat(options.forks()).isEqualTo(5);
    assertThat(options.pairs()).isEqualTo(8);
    assertThat(options.sizes()).containsExactly(64, 256, 1500);
  }

  @Test
  void aWrongOptionIsNamed() {
    assertThatThrownBy(() -> Bench.Options.parse(List.of("--sizes", "64,9000")))
        .hasMessageContaining("--sizes")
        .hasMessageContaining("9000");
    assertThatThrownBy(() -> Bench.Options.parse(List.of("--forks"))).hasMessageContaining("value");
    assertThatThrownBy(() -> Bench.Options.parse(List.of("-x"))).hasMessageContaining("-x");
  }

  @Test
  void aPairIsInOneStateOnlyWhenAllThreeProbesAgree() {
    assertThat(MachineState.of(66, 68, 70)).isEqualTo(MachineState.NEAR);
    assertThat(MachineState.of(320, 315, 480)).isEqualTo(MachineState.MIXED);
    assertThat(MachineState.of(66, 320, 66)).isEqualTo(MachineState.MIXED);
    assertThat(MachineState.of(33, 34, 33)).isEqualTo(MachineState.SMT);
    assertThat(MachineState.of(510, 500, 520)).isEqualTo(MachineState.FAR);
    assertThat(MachineState.of(2_000, 2_000, 2_000)).isEqualTo(MachineState.MIXED);
  }

  @Test
  void rowsGiveTheMedianOfRatiosByState() {
    PairStatistics statistics = new PairStatistics();
    statistics.add(MachineState.NEAR, new Pair(1, 10, 10));
    statistics.add(MachineState.NEAR, new Pair(1, 8, 10));
    statistics.add(MachineState.NEAR, new Pair(2, 12, 10));
    statistics.add(MachineState.FAR, new Pair(2, 3, 6));
    assertThat(statistics.rows())
        .extracting("state", "median", "min", "max", "pairs", "forks")
        .containsExactlyInAnyOrder(
            tuple(MachineState.NEAR, 1.0, 0.8, 1.2, 3, 2),
            tuple(MachineState.FAR, 0.5, 0.5, 0.5, 1, 1));
  }

  @Test
  void jsonQuotesWhatMustBeQuoted() {
    assertThat(Json.of(Map.of("a\"b", List.of(1, 0.5, true, "x\ny"))))
        .isEqualTo(
            "{\n  \"a\\\"b\": [\n    1,\n    0.500,\n    true,\n    \"x\\u000ay\"\n  ]\n}\n");
  }
}
