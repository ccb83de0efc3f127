package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.FaultyPort;
import braid.port.FaultyPort.Faults;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Two bonds in mode 802.3ad, cable by cable opposite each other, under virtual time.
class BondLacpTest {
  private static final long MS = 1_000_000;
  private static final long TURN = MS;
  private static final int CABLES = 3;
  private static final int FLOWS = 64;
  private static final long A = 0x0200_0000_0a00L;
  private static final long B = 0x0200_0000_0b00L;

  @RegisterExtension final Pools pools = new Pools();

  private final SimClock clock = new SimClock(1_000_000_000);
  private final List<PipePort> pipes = new ArrayList<>();
  private final List<FaultyPort> faults = new ArrayList<>();
  private final Frame[] batch = new Frame[256];
  private Bond a;
  private Bond b;

  /// What came out of each.
  private final List<byte[]> fromA = new ArrayList<>();

  private final List<byte[]> fromB = new ArrayList<>();

  private static BondConfig config(int minLinks) {
    return BondConfig.DEFAULT
        .withMode(BondMode.LACP)
        .withMonitors(Carrier.ONLY)
        .withHold(0, 0, 0)
        .withAnnouncements(0, 100 * MS)
        .withLacp(new LacpConfig(LacpRate.FAST, true, minLinks, AdSelect.STABLE, 65_535, 0));
  }

  private void build(BondConfig forA, BondConfig forB) {
    a = bond("a", A, forA);
    b = bond("b", B, forB);
    for (int i = 0; i < CABLES; i++) {
      PipePort pipe = new PipePort("a" + i, "b" + i, 256);
      FaultyPort faulty = new FaultyPort(pipe, new Random(i), pools.data);
      pipes.add(pipe);
      faults.add(faulty);
      a.add(faulty, new MemberConfig("a" + i, A + 1 + i, 0, 0));
      b.add(pipe.far(), new MemberConfig("b" + i, B + 1 + i, 0, 0));
    }
  }

  private Bond bond(String name, long mac, BondConfig config) {
    return new Bond(name, LocalAddresses.of(mac), config, pools.control, clock, change -> {});
  }

  private void link(int cable, LinkState state) {
    pipes.get(cable).carrier(state);
    pipes.get(cable).far().carrier(state);
  }

  private void run(long millis) {
    for (long end = clock.nanos() + millis * MS; clock.nanos() < end; ) {
      turn();
    }
  }

  private void turn() {
    take(a, fromA);
    take(b, fromB);
    clock.advance(TURN);
  }

  private void take(Bond bond, List<byte[]> into) {
    int count = bond.receive(batch, 256);
    for (int i = 0; i < count; i++) {
      into.add(batch[i].toBytes());
      batch[i].release();
    }
    bond.flush();
  }

  /// A UDP frame of flow `flow`.
  private static byte[] flow(long to, long from, int flow) {
    var bytes = Packets.ethernet(to, from, 0x0800);
    bytes.put((byte) 0x45).put((byte) 0).putShort((short) 28).putInt(0x4000).put((byte) 64);
    bytes.put((byte) 17).putShort((short) 0).putInt(0x0a00_0001).putInt(0x0a00_0002);
    bytes.putShort((short) (1000 + flow)).putShort((short) 53).putInt(8 << 16);
    return Packets.done(bytes);
  }

  private void send(Bond bond, byte[] bytes) {
    bond.send(new Frame[] {pools.frame(bytes)}, 1);
  }

  /// Sends one frame of each flow from `a`.
  private void flows() {
    for (int i = 0; i < FLOWS; i++) {
      send(a, flow(B, A, i));
    }
    a.flush();
  }

  private List<LacpMux> muxes(Bond bond) {
    return bond.aggregation().stream().map(LacpStatus::mux).toList();
  }

  private long counted(Bond bond, String name) {
    return bond.counters().all().stream()
        .filter(counter -> counter.name().equals(name))
        .mapToLong(braid.port.Counter::get)
        .sum();
  }

  @AfterEach
  void drain() {
    for (int i = 0; i < CABLES; i++) {
      a.remove("a" + i);
      b.remove("b" + i);
    }
    pipes.forEach(PipePort::drain);
  }

  @Test
  void nothingIsSentBeforeThePartnerCollectsAndEverythingAfter() {
    build(config(0), config(0));
    run(1_000);
    assertThat(a.link().up()).isFalse();
    flows();
    assertThat(counted(a, "tx_drop_no_member")).isEqualTo(FLOWS);
    run(1_100);
    assertThat(muxes(a)).hasSize(CABLES).containsOnly(LacpMux.DISTRIBUTING);
    assertThat(muxes(b)).hasSize(CABLES).containsOnly(LacpMux.DISTRIBUTING);
    assertThat(a.link().up()).isTrue();
    flows();
    run(2);
    assertThat(fromB).hasSize(FLOWS);
  }

  @Test
  void eachFlowGoesWhereTheHashNamesItAmongTheMembersInTheirOrder() {
    build(config(0), config(0));
    run(2_200);
    long[] before = pipes.stream().mapToLong(pipe -> pipe.counters().txFrames.get()).toArray();
    flows();
    long[] expected = new long[CABLES];
    for (int i = 0; i < FLOWS; i++) {
      Frame frame = pools.frame(flow(B, A, i));
      expected[FlowHash.member(FlowHash.hash(HashPolicy.LAYER3_4, frame), CABLES)]++;
      frame.release();
    }
    for (int i = 0; i < CABLES; i++) {
      assertThat(pipes.get(i).counters().txFrames.get() - before[i]).isEqualTo(expected[i]);
      assertThat(expected[i]).isPositive();
    }
    run(2);
  }

  @Test
  void noMessageOfTheProtocolGoesUpOrComesDownFromTheHost() {
    build(config(0), config(0));
    run(10_000);
    assertThat(fromA).isEmpty();
    assertThat(fromB).isEmpty();
    var bytes = Packets.ethernet(Lacpdu.GROUP, A, 0x8809).put((byte) 1).put((byte) 1);
    send(a, Packets.done(bytes));
    assertThat(counted(a, "tx_drop_control")).isEqualTo(1);
  }

  @Test
  void aCableThatIsPulledLosesNothingAndMovesItsFlows() {
    build(config(0), config(0));
    run(2_200);
    flows();
    // They wait in the pipes when the cable goes: what was on it is taken back.
    link(1, LinkState.DOWN);
    run(3);
    flows();
    run(3);
    assertThat(a.members().stream().filter(MemberStatus::active)).hasSize(1);
    assertThat(fromB.size() + counted(a, "tx_drop_no_member")).isEqualTo(2 * FLOWS);
    assertThat(muxes(a).get(1)).isEqualTo(LacpMux.ATTACHED);
    link(1, LinkState.UP);
    run(1_500);
    assertThat(muxes(a)).containsOnly(LacpMux.DISTRIBUTING);
  }

  @Test
  void aCableThatIsSilentIsOutAfterThreeSecondsAtBothEnds() {
    build(config(0), config(0));
    run(5_000);
    faults.get(2).inward(Faults.BLACKHOLE);
    run(3_100);
    assertThat(muxes(a).get(2)).isNotIn(LacpMux.COLLECTING, LacpMux.DISTRIBUTING);
    assertThat(muxes(b).get(2)).isNotIn(LacpMux.DISTRIBUTING);
    long before = pipes.get(2).counters().txFrames.get();
    flows();
    assertThat(pipes.get(2).counters().txFrames.get()).isEqualTo(before);
    run(3);
    assertThat(fromB).hasSize(FLOWS);
  }

  @Test
  void withFewerLinksThanMinLinksTheBondIsDown() {
    build(config(2), config(0));
    run(2_200);
    link(0, LinkState.DOWN);
    run(5);
    assertThat(a.link().up()).isTrue();
    link(1, LinkState.DOWN);
    run(5);
    assertThat(a.link().up()).isFalse();
    assertThat(b.link().up()).isTrue();
    link(1, LinkState.UP);
    run(1_500);
    assertThat(a.link().up()).isTrue();
  }

  @Test
  void broadcastsComeUpOnceAndOnAnyCableThatCollects() {
    build(config(0), config(0));
    run(2_200);
    for (int i = 0; i < FLOWS; i++) {
      send(a, flow(Wire.BROADCAST, A, i));
    }
    run(3);
    assertThat(fromB).hasSize(FLOWS);
    assertThat(fromB.stream().distinct()).hasSize(FLOWS);
  }

  @Test
  void aBondThatWasOfAnotherModeSpeaksAndOneThatBecomesAnotherFallsSilent() {
    build(config(0).withMode(BondMode.BALANCE_XOR), config(0));
    run(4_000);
    assertThat(a.aggregation()).isEmpty();
    assertThat(muxes(b)).as("one link alone").containsOnlyOnce(LacpMux.DISTRIBUTING);
    a.reconfigure(config(0));
    run(4_000);
    assertThat(muxes(a)).hasSize(CABLES).containsOnly(LacpMux.DISTRIBUTING);
    a.reconfigure(config(0).withMode(BondMode.BALANCE_XOR));
    // Two timeouts, and the wait for others.
    run(9_000);
    assertThat(b.aggregation()).extracting(LacpStatus::receive).containsOnly(LacpReceive.DEFAULTED);
    assertThat(muxes(b)).containsOnlyOnce(LacpMux.DISTRIBUTING);
  }

  @Test
  void aMemberThatJoinsLaterAggregatesAndOneThatLeavesIsMissedByNobody() {
    build(config(0), config(0));
    run(2_200);
    assertThat(a.remove("a0")).isTrue();
    link(0, LinkState.DOWN);
    run(20);
    flows();
    run(3);
    assertThat(fromB).hasSize(FLOWS);
    link(0, LinkState.UP);
    a.add(faults.get(0), new MemberConfig("a0", A + 1, 0, 0));
    run(3_100);
    assertThat(muxes(a)).hasSize(CABLES).containsOnly(LacpMux.DISTRIBUTING);
    assertThat(a.aggregation()).extracting(link -> link.actor().port()).containsExactly(2, 3, 4);
  }

  @Test
  void aDrainedMemberCarriesNothingButStaysAggregated() {
    build(config(0), config(0));
    run(2_200);
    assertThat(a.drain("a1")).isTrue();
    run(100);
    long before = pipes.get(1).counters().txFrames.get();
    flows();
    assertThat(pipes.get(1).counters().txFrames.get()).isEqualTo(before);
    run(3);
    assertThat(fromB).hasSize(FLOWS);
    assertThat(a.undrain("a1")).isTrue();
    run(10);
    flows();
    assertThat(pipes.get(1).counters().txFrames.get()).isGreaterThan(before);
    run(3);
  }

  @Test
  void withNoFrameLeftForMessagesTheBondDoesNotSpin() {
    build(config(0), config(0));
    run(2_200);
    // A device that hangs keeps the member's few frames: after that nothing can be written.
    List<Frame> kept = new ArrayList<>();
    for (Frame frame = pools.control.take(); frame != null; frame = pools.control.take()) {
      kept.add(frame);
    }
    for (int second = 0; second < 40; second++) {
      clock.advance(1_000 * MS);
      // It may try as often as it might have sent, then it must wait.
      for (int turn = 0; turn < 4; turn++) {
        take(a, fromA);
      }
    }
    assertThat(counted(a, "control_no_frame")).isPositive();
    assertThat(a.deadline()).isGreaterThan(clock.nanos());
    kept.forEach(Frame::release);
  }
}
