package braid.ssi;

import static braid.ssi.Lab.MS;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.FaultyPort.Faults;
import braid.port.LinkState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A bond, its nodes and their network under seeded faults and virtual time. Each failure message
/// names the seed and the faults so far; the same seed gives the same run.
///
/// Traffic runs both ways all the time, one frame a millisecond. Held throughout:
/// - no number arrives twice, and towards the peer numbers only grow (resends keep the order);
/// - the host's kernel sees nothing but the peer's data;
/// - once detection has had its time, a member that works is in use whenever there is one;
/// - a pause of ours or of the whole machine moves nothing.
class BondSimulationTest {
  /// Loss after 35 ms, noticed with the next turns of both ends.
  private static final long BOUND = 35 * MS + 10 * MS + 4 * Lab.TURN;

  private static final int STEPS = 24;

  @RegisterExtension final Pools pools = new Pools();

  private Lab lab = new Lab(pools, BondConfig.DEFAULT, 0, 1);
  private final List<String> story = new ArrayList<>();
  private long seed;
  private boolean withTarget;

  @AfterEach
  void drain() {
    lab.close();
  }

  static IntStream seeds() {
    return IntStream.rangeClosed(1, 40);
  }

  static IntStream fewSeeds() {
    return IntStream.rangeClosed(1, 10);
  }

  private enum Fault {
    KILL,
    CARRIER,
    UPLINK,
    DEAF,
    MUTE,
    BLACKHOLE,
    REPAIR,
    REPAIR_ALL,
    MACHINE_PAUSE,
    GUEST_PAUSE,
    HOST_FULL
  }

  private static final List<Fault> FAULTS = List.of(Fault.values());

  private boolean works(Lab.Node node) {
    return broken.stream().noneMatch(b -> b == node.index);
  }

  private final HashSet<Integer> broken = new HashSet<>();

  private void apply(Fault fault, Lab.Node node, Random random) {
    story.add(fault + " " + node.index);
    switch (fault) {
      case KILL -> {
        node.kill();
        broken.add(node.index);
      }
      case CARRIER -> {
        node.device.carrier(LinkState.DOWN);
        broken.add(node.index);
      }
      case UPLINK -> {
        node.mep.uplink(LinkState.DOWN);
        node.uplink.carrier(LinkState.DOWN);
        broken.add(node.index);
      }
      case DEAF -> {
        node.member.inward(Faults.BLACKHOLE);
        broken.add(node.index);
      }
      case MUTE -> {
        node.member.outward(Faults.BLACKHOLE);
        broken.add(node.index);
      }
      case BLACKHOLE -> {
        if (withTarget) {
          node.blackhole(true);
          broken.add(node.index);
        }
      }
      case REPAIR -> repair(node);
      case REPAIR_ALL -> lab.nodes.forEach(this::repair);
      case MACHINE_PAUSE -> lab.clock.advance(random.nextLong(600) * MS);
      case GUEST_PAUSE -> guestPause(random.nextInt(600));
      case HOST_FULL -> {
        lab.hostRoom = 0;
        lab.run(random.nextLong(100) * MS);
        lab.hostRoom = 64;
      }
    }
  }

  private void repair(Lab.Node node) {
    node.member.inward(Faults.NONE);
    node.member.outward(Faults.NONE);
    node.blackhole(false);
    node.uplink.carrier(LinkState.UP);
    node.mep.uplink(LinkState.UP);
    node.device.carrier(LinkState.UP);
    if (!node.running) {
      node.restart();
    }
    broken.remove(node.index);
  }

  private void guestPause(int turns) {
    for (int i = 0; i < turns; i++) {
      lab.nodes.forEach(Lab.Node::pump);
      lab.clock.advance(Lab.TURN);
    }
  }

  private void traffic(long nanos) {
    for (long t = 0; t < nanos; t += MS) {
      if (lab.bond.room() > 0) {
        lab.hostSends();
      }
      lab.peerSends();
      lab.run(MS);
    }
  }

  private String where() {
    return "seed " + seed + " after " + story + ": " + lab.bond.members() + lab.changes;
  }

  private void build(int seed) {
    this.seed = seed;
    Random random = new Random(seed);
    withTarget = random.nextBoolean();
    Reselect policy = List.of(Reselect.values()).get(random.nextInt(3));
    BondConfig config =
        BondConfig.DEFAULT
            .withPrimary(random.nextBoolean() ? "m0" : "")
            .withReselect(policy)
            .withHold(100 * MS, 1000 * MS, 500 * MS);
    if (withTarget) {
      config = config.withMonitors(Continuity.GUEST, ArpTarget.of("10.0.0.1"));
    }
    lab = new Lab(pools, config, random.nextInt(2, 5), seed);
    lab.run(100 * MS);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aMemberThatWorksIsInUseWheneverThereIsOne(int seed) {
    build(seed);
    Random random = new Random(seed);
    for (int step = 0; step < STEPS; step++) {
      int changes = lab.changes.size();
      Fault fault = FAULTS.get(random.nextInt(FAULTS.size()));
      apply(fault, lab.nodes.get(random.nextInt(lab.nodes.size())), random);
      traffic(BOUND);
      assertWorkingMemberInUse();
      if (fault == Fault.MACHINE_PAUSE || fault == Fault.GUEST_PAUSE || fault == Fault.HOST_FULL) {
        assertThat(lab.changes.subList(changes, lab.changes.size()))
            .as(this::where)
            .allMatch(c -> c.reason() == Reason.FAIL_BACK);
      }
      traffic(random.nextLong(20, 200) * MS);
      assertWorkingMemberInUse();
    }
    assertArrivals();
    assertCleanEnd();
  }

  private void assertWorkingMemberInUse() {
    if (lab.nodes.stream().anyMatch(this::works)) {
      assertThat(lab.nodes)
          .as(this::where)
          .filteredOn(this::works)
          .extracting(node -> "m" + node.index)
          .contains(lab.bond.activeMember());
    }
  }

  private void assertArrivals() {
    assertThat(lab.hostGot).as(this::where).allMatch(f -> Packets.type(f) == Packets.TEST_TYPE);
    assertThat(Lab.numbers(lab.hostGot)).as(this::where).doesNotHaveDuplicates();
    assertThat(Lab.numbers(lab.peerGot)).as(this::where).doesNotHaveDuplicates().isSorted();
    assertThat(lab.peerGot).as(this::where).noneMatch(f -> Packets.type(f) == 0x8902);
  }

  /// All repaired and quiet: not one frame is lost.
  private void assertCleanEnd() {
    lab.nodes.forEach(this::repair);
    traffic(1500 * MS);
    lab.run(5 * MS);
    lab.hostGot.clear();
    lab.peerGot.clear();
    int host = lab.hostSent();
    int peer = lab.peerSent();
    traffic(100 * MS);
    lab.run(5 * MS);
    assertThat(Lab.numbers(lab.peerGot))
        .as(this::where)
        .isEqualTo(IntStream.range(host, host + 100).boxed().toList());
    assertThat(Lab.numbers(lab.hostGot))
        .as(this::where)
        .isEqualTo(IntStream.range(peer, peer + 100).boxed().toList());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void onePercentOfLossMovesNothing(int seed) {
    build(seed);
    for (Lab.Node node : lab.nodes) {
      node.member.inward(new Faults(0.01, 0, 0));
      node.member.outward(new Faults(0.01, 0, 0));
    }
    int changes = lab.changes.size();
    traffic(3_000 * MS);
    assertThat(lab.changes).as(this::where).hasSize(changes);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void corruptedAndDoubledFramesNeverBreakTheBond(int seed) {
    build(seed);
    for (Lab.Node node : lab.nodes) {
      node.member.inward(new Faults(0.05, 0.1, 0.3));
      node.member.outward(new Faults(0.05, 0.1, 0.3));
    }
    traffic(2_000 * MS);
    lab.nodes.forEach(this::repair);
    traffic(1_500 * MS);
    lab.run(5 * MS);
    int host = lab.hostSent();
    lab.peerGot.clear();
    traffic(50 * MS);
    lab.run(5 * MS);
    assertThat(Lab.numbers(lab.peerGot))
        .as(this::where)
        .isEqualTo(IntStream.range(host, host + 50).boxed().toList());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void aFlappingCarrierMovesTheBondAFewTimesOnly(int seed) {
    this.seed = seed;
    Random random = new Random(seed);
    BondConfig config =
        BondConfig.DEFAULT
            .withPrimary("m0")
            .withReselect(Reselect.ALWAYS)
            .withHold(100 * MS, 10_000 * MS, 60_000 * MS);
    lab = new Lab(pools, config, 2, seed);
    lab.run(100 * MS);
    for (int i = 0; i < 60; i++) {
      lab.nodes.get(0).device.carrier(LinkState.DOWN);
      traffic(random.nextLong(5, 50) * MS);
      lab.nodes.get(0).device.carrier(LinkState.UP);
      traffic(random.nextLong(50, 300) * MS);
    }
    assertThat(lab.changes.size()).as(this::where).isLessThanOrEqualTo(8);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }
}
