package braid.ssi;

import static braid.ssi.Rig.MS;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Flows with random gaps over members of different delay, while members hang, fail, return, are
/// drained and options change; seeded, under virtual time. Held throughout:
/// - no frame of a flow overtakes an earlier one unless a member failed between the two (in the
///   modes that hash: unless other members were in use);
/// - each frame is delivered once or counted as dropped, by name;
/// - every frame comes back to its pool.
class SpreadSimulationTest {
  private static final int MEMBERS = 3;
  private static final int FLOWS = 12;
  private static final int STEPS = 1_500;
  private static final long SKEW = 5 * MS;
  private static final long GAP = 6 * MS;

  @RegisterExtension final Pools pools = new Pools();

  private final long[] delay = new long[MEMBERS];
  private final boolean[] hung = new boolean[MEMBERS];
  private final boolean[] up = new boolean[MEMBERS];
  private final TreeMap<Long, List<byte[]>> inFlight = new TreeMap<>();
  private final int[] next = new int[FLOWS];
  private final int[] latest = new int[FLOWS];
  private final long[] quietUntil = new long[FLOWS];
  private final List<List<Integer>> epochs = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private final Frame[] batch = new Frame[64];
  private Rig rig;
  private Random random;
  private BondMode mode;
  private int seed;
  private int epoch;
  private long leaveAt = Long.MAX_VALUE;
  private int delivered;

  @AfterEach
  void close() {
    rig.close();
  }

  static Stream<Arguments> runs() {
    List<Arguments> all = new ArrayList<>();
    for (int seed = 1; seed <= 12; seed++) {
      for (BondMode mode :
          List.of(
              BondMode.FLOWLET,
              BondMode.BALANCE_TLB,
              BondMode.BALANCE_XOR,
              BondMode.ACTIVE_BACKUP)) {
        all.add(Arguments.of(seed, mode));
      }
    }
    return all.stream();
  }

  private boolean steersByFlow() {
    return mode == BondMode.FLOWLET || mode == BondMode.BALANCE_TLB;
  }

  private String where() {
    return "seed " + seed + ", " + mode + " after " + story;
  }

  private BondConfig config() {
    return Rig.QUIET
        .withMode(mode)
        .withFlowletGap(GAP)
        .withLocalFirst(random.nextBoolean(), random.nextInt(1, 101));
  }

  @ParameterizedTest(name = "seed {0}, {1}")
  @MethodSource("runs")
  void ordersKeepAndNothingVanishesUncounted(int seed, BondMode mode) {
    this.seed = seed;
    this.mode = mode;
    random = new Random(seed);
    rig = new Rig(pools, config());
    for (int i = 0; i < MEMBERS; i++) {
      delay[i] = random.nextLong(SKEW);
      up[i] = true;
      rig.add(new braid.port.LinkState(true, random.nextBoolean() ? 1000 : 100), random.nextInt(2));
    }
    for (int i = 0; i < FLOWS; i++) {
      epochs.add(new ArrayList<>());
      latest[i] = -1;
    }
    rig.turn();
    for (int step = 0; step < STEPS; step++) {
      if (random.nextInt(40) == 0) {
        event();
      }
      flows();
      drain();
      rig.pass(MS / 2);
      if (rig.clock.nanos() >= leaveAt) {
        leaveAt = Long.MAX_VALUE;
        epoch++;
      }
    }
    end();
  }

  private void flows() {
    for (int flow = 0; flow < FLOWS; flow++) {
      if (rig.clock.nanos() >= quietUntil[flow]) {
        epochs.get(flow).add(epoch);
        rig.send(Rig.tcp(flow, 0x10, random.nextInt(60, 240), next[flow]++));
        quietUntil[flow] =
            rig.clock.nanos() + random.nextLong(random.nextInt(8) == 0 ? 30 * MS : 2 * MS);
      }
    }
  }

  private void drain() {
    for (int i = 0; i < MEMBERS; i++) {
      if (!hung[i]) {
        read(i);
      }
    }
    while (!inFlight.isEmpty() && inFlight.firstKey() <= rig.clock.nanos()) {
      inFlight.pollFirstEntry().getValue().forEach(this::arrived);
    }
  }

  private void read(int member) {
    int count = rig.ports.get(member).far().receive(batch, 64);
    for (int i = 0; i < count; i++) {
      long at = rig.clock.nanos() + delay[member];
      inFlight.computeIfAbsent(at, _ -> new ArrayList<>()).add(batch[i].toBytes());
      batch[i].release();
    }
  }

  private void arrived(byte[] bytes) {
    int flow = Rig.flow(bytes);
    int number = Rig.number(bytes);
    delivered++;
    if (number < latest[flow]) {
      int sent = epochs.get(flow).get(number);
      int overtaker = epochs.get(flow).get(latest[flow]);
      assertThat(overtaker)
          .as(
              () ->
                  "frame %d of flow %d came after %d; ".formatted(number, flow, latest[flow])
                      + where())
          .isGreaterThan(sent);
    }
    assertThat(number).as(this::where).isNotEqualTo(latest[flow]);
    latest[flow] = Math.max(latest[flow], number);
  }

  private void event() {
    int member = random.nextInt(MEMBERS);
    String before =
        rig.bond.members().stream()
            .filter(MemberStatus::inUse)
            .map(MemberStatus::name)
            .toList()
            .toString();
    switch (random.nextInt(7)) {
      case 0 -> {
        hung[member] = true;
        story.add("hang " + member);
      }
      case 1 -> {
        up[member] = false;
        rig.carrier(member, false);
        epoch++;
        story.add("down " + member);
      }
      case 2, 3 -> {
        epoch += hung[member] ? 1 : 0;
        hung[member] = false;
        up[member] = true;
        rig.ports.get(member).carrier(new braid.port.LinkState(true, 1000));
        rig.turn();
        story.add("up " + member);
      }
      case 4 -> {
        assertThat(rig.bond.drain("m" + member)).isTrue();
        leaveAt = rig.clock.nanos() + Limits.LEAVE_NANOS - MS;
        story.add("drain " + member);
      }
      case 5 -> {
        assertThat(rig.bond.undrain("m" + member)).isTrue();
        story.add("undrain " + member);
      }
      default -> {
        rig.bond.reconfigure(config());
        story.add("reconfigure");
      }
    }
    String after =
        rig.bond.members().stream()
            .filter(MemberStatus::inUse)
            .map(MemberStatus::name)
            .toList()
            .toString();
    if (!steersByFlow() && !before.equals(after)) {
      epoch++;
    }
  }

  private void end() {
    for (int i = 0; i < MEMBERS; i++) {
      hung[i] = false;
    }
    for (int i = 0; i < 100; i++) {
      drain();
      rig.pass(MS);
    }
    drain();
    int sent = 0;
    for (int count : next) {
      sent += count;
    }
    long dropped =
        rig.counted("tx_drop_no_member")
            + rig.counted("tx_drop_resend")
            + rig.counted("tx_drop_member_full")
            + droppedByPorts();
    int waiting = rig.bond.pending();
    assertThat(delivered + dropped + waiting).as(this::where).isEqualTo(sent);
  }

  private long droppedByPorts() {
    return rig.ports.stream()
        .flatMap(port -> port.counters().all().stream())
        .filter(counter -> counter.name().startsWith("tx_drop"))
        .mapToLong(braid.port.Counter::get)
        .sum();
  }
}
