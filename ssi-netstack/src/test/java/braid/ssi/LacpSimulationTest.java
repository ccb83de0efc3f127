package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.LinkState;
import braid.ssi.LacpLab.Cable;
import braid.ssi.LacpLab.System;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// One system cabled to two others, under seeded faults and virtual time; the same seed gives the
/// same run. Held at every turn:
/// - nobody distributes on links to different partners, of different keys, or without carrier;
/// - nobody distributes for longer than the timeout of 3 s where the far end does not collect, but
///   on the one link that is used when no partner is heard at all.
///
/// And within 10 s of the last fault both ends use exactly the links between them.
class LacpSimulationTest {
  private static final int STEPS = 30;

  /// Timeout, and the turn that notices it.
  private static final long DEAF_NANOS = LacpRate.FAST.lossNanos() + 2 * LacpLab.TURN;

  private static final LinkState TEN_GIGABIT = new LinkState(true, 10_000);

  @RegisterExtension final Pools pools = new Pools();

  private LacpLab lab;
  private System a;
  private final List<String> story = new ArrayList<>();
  private final Map<String, Long> deafSince = new HashMap<>();
  private long seed;

  static IntStream seeds() {
    return IntStream.rangeClosed(1, 40);
  }

  private enum Fault {
    LOSS,
    ONE_WAY,
    CARRIER,
    FLAP,
    SWAP,
    SPEED,
    RESTART,
    PAUSE,
    REPAIR
  }

  private void build(int seed) {
    this.seed = seed;
    Random random = new Random(seed);
    lab = new LacpLab(pools, seed);
    a = lab.system(0x0200_0000_0a00L, config(random), 4);
    System b = lab.system(0x0200_0000_0000L + random.nextInt(1, 0x1000) * 16L, config(random), 2);
    System c = lab.system(0x0200_0000_0c00L, config(random), 2);
    lab.cable(a, 0, b, 0);
    lab.cable(a, 1, b, 1);
    lab.cable(a, 2, c, 0);
    lab.cable(a, 3, c, 1);
  }

  private static LacpConfig config(Random random) {
    AdSelect select = List.of(AdSelect.values()).get(random.nextInt(3));
    return new LacpConfig(LacpRate.FAST, true, random.nextInt(3), select, 65_535, 0);
  }

  private String where() {
    StringBuilder out = new StringBuilder("seed " + seed + " after " + story);
    lab.systems.forEach(system -> out.append("\n").append(system.lacp.status()));
    return out.toString();
  }

  private void apply(Fault fault, Random random) {
    Cable cable = lab.cables.get(random.nextInt(4));
    System system = lab.systems.get(random.nextInt(3));
    story.add(fault + " " + lab.cables.indexOf(cable) + "/" + lab.systems.indexOf(system));
    switch (fault) {
      case LOSS -> {
        cable.lossToA = random.nextDouble() * 0.6;
        cable.lossToB = random.nextDouble() * 0.6;
      }
      case ONE_WAY -> cable.lossToB = 1;
      case CARRIER -> cable.link(LinkState.DOWN);
      case FLAP -> {
        for (int i = 0; i < 10; i++) {
          cable.link(i % 2 == 0 ? LinkState.DOWN : LacpLab.GIGABIT);
          run(random.nextInt(400));
        }
      }
      case SWAP -> lab.swap(cable, lab.cables.get(random.nextInt(4)));
      case SPEED -> cable.link(TEN_GIGABIT);
      case RESTART -> system.restart(config(random));
      case PAUSE -> system.running = !system.running;
      case REPAIR -> repair();
    }
  }

  private void repair() {
    lab.systems.forEach(system -> system.running = true);
    for (Cable cable : lab.cables) {
      cable.lossToA = 0;
      cable.lossToB = 0;
      if (!cable.link.equals(LacpLab.GIGABIT)) {
        cable.link(LacpLab.GIGABIT);
      }
    }
  }

  private void run(long millis) {
    for (long t = 0; t < millis; t += LacpLab.TURN / LacpLab.MS) {
      lab.turn();
      lab.systems.forEach(this::assertOneAggregator);
      lab.cables.forEach(this::assertHeard);
    }
  }

  private void assertOneAggregator(System system) {
    Set<Object> lags = new HashSet<>();
    for (int port : system.distributing()) {
      LacpPort link = system.ports.get(port);
      lags.add(List.of(link.partner().system(), link.partner().key(), link.actor().key()));
      assertThat(link.enabled()).as(this::where).isTrue();
    }
    assertThat(lags).as(this::where).hasSizeLessThanOrEqualTo(1);
  }

  private void assertHeard(Cable cable) {
    assertHeard(cable, cable.a, cable.aPort, cable.b, cable.bPort);
    assertHeard(cable, cable.b, cable.bPort, cable.a, cable.aPort);
  }

  private void assertHeard(Cable cable, System from, int fromPort, System to, int toPort) {
    String end = lab.systems.indexOf(from) + "." + fromPort;
    boolean deaf =
        cable.link.up()
            && from.running
            && from.ports.get(fromPort).receive() != LacpReceive.DEFAULTED
            && from.lacp.distributing(from.ports.get(fromPort))
            && !to.lacp.collecting(to.ports.get(toPort));
    if (deaf) {
      long since = deafSince.computeIfAbsent(end, _ -> lab.clock.nanos());
      assertThat(lab.clock.nanos() - since)
          .as(() -> end + " sends to nobody, " + where())
          .isLessThanOrEqualTo(DEAF_NANOS);
    } else {
      deafSince.remove(end);
    }
  }

  private void assertConverged() {
    List<Integer> used = a.distributing();
    assertThat(used).as(this::where).isNotEmpty();
    System partner = null;
    for (Cable cable : lab.cables) {
      if (used.contains(cable.aPort)) {
        assertThat(partner == null || partner == cable.b).as(this::where).isTrue();
        partner = cable.b;
      }
    }
    for (Cable cable : lab.cables) {
      boolean both =
          a.lacp.distributing(a.ports.get(cable.aPort))
              && cable.b.lacp.distributing(cable.b.ports.get(cable.bPort));
      assertThat(both).as(this::where).isEqualTo(cable.b == partner);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void bothEndsAgreeUnderFaultsAndSoonAfterThem(int seed) {
    build(seed);
    Random random = new Random(seed);
    List<Fault> faults = List.of(Fault.values());
    run(3_000);
    for (int step = 0; step < STEPS; step++) {
      apply(faults.get(random.nextInt(faults.size())), random);
      run(random.nextInt(8_000));
    }
    repair();
    run(10_000);
    assertConverged();
    int changes = a.changes;
    run(60_000);
    assertThat(a.changes).as(this::where).isEqualTo(changes);
  }
}
