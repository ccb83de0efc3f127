package braid.tck.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Seeds 1 to 500 of the simulation, and that a seed is a run. `./dev sim` runs others.
class SimulationTest {
  private static final int SEEDS = 500;
  private static final int CHUNK = 50;

  static LongStream chunks() {
    return LongStream.iterate(1, first -> first <= SEEDS, first -> first + CHUNK);
  }

  @ParameterizedTest(name = "seeds from {0}")
  @MethodSource("chunks")
  void whatMustHoldHoldsInEachSeed(long first) {
    Sim.Summary summary = new Sim.Summary();
    List<String> failures = new ArrayList<>();
    long began = System.nanoTime();
    for (long seed = first; seed < first + CHUNK; seed++) {
      try {
        summary.add(Simulation.run(seed));
      } catch (Simulation.Failure failure) {
        failures.add("./dev sim --seed " + seed + " replays this: " + failure.getMessage());
      }
    }
    System.out.println(summary.text(System.nanoTime() - began));
    assertThat(failures).isEmpty();
  }

  @Test
  void aSeedIsTheSameRunEachTime() {
    assertThat(Simulation.run(7)).isEqualTo(Simulation.run(7));
    assertThat(Simulation.run(8)).isNotEqualTo(Simulation.run(7));
  }

  @Test
  void eachKindOfFaultIsMade() {
    List<Fault> made = new ArrayList<>();
    for (long seed = 1; seed <= 30; seed++) {
      made.addAll(Simulation.run(seed).faults().keySet());
    }
    assertThat(made).contains(Fault.values());
  }
}
