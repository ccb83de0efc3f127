package braid.ssi;

import static braid.ssi.Rig.MS;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Two bonds in mode 802.3ad, link by link against each other: each is the other's switch.
class AggregationTest {
  private static final long LEFT = 0x0200_0000_0a00L;
  private static final long RIGHT = 0x0200_0000_0b00L;
  private static final BondConfig CONFIG = Rig.QUIET.withMode(BondMode.LACP);

  @RegisterExtension final Pools pools = new Pools();

  private final SimClock clock = new SimClock(1_000_000_000_000L);
  private final List<PipePort> pipes = new ArrayList<>();
  private final Frame[] batch = new Frame[64];
  private Bond left = bond("left", LEFT, CONFIG);
  private final Bond right = bond("right", RIGHT, CONFIG);

  private Bond bond(String name, long mac, BondConfig config) {
    return new Bond(name, LocalAddresses.of(mac), config, pools.control, clock, change -> {});
  }

  @AfterEach
  void close() {
    left.close();
    right.close();
    pipes.forEach(PipePort::drain);
  }

  private void links(int count) {
    for (int i = 0; i < count; i++) {
      PipePort pipe = new PipePort("l" + i, "r" + i, 256);
      carrier(pipe, true);
      pipes.add(pipe);
      left.add(pipe, new MemberConfig("l" + i, LEFT + 0x10 + i, 0, 0));
      right.add(pipe.far(), new MemberConfig("r" + i, RIGHT + 0x10 + i, 0, 0));
    }
  }

  private static void carrier(PipePort pipe, boolean up) {
    LinkState state = up ? new LinkState(true, 1000) : LinkState.DOWN;
    pipe.carrier(state);
    pipe.far().carrier(state);
  }

  private List<byte[]> turn(Bond bond) {
    int count = bond.receive(batch, 64);
    List<byte[]> got = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      got.add(batch[i].toBytes());
      batch[i].release();
    }
    return got;
  }

  private List<byte[]> run(long nanos) {
    List<byte[]> got = new ArrayList<>();
    for (long t = 0; t < nanos; t += 10 * MS) {
      clock.advance(10 * MS);
      got.addAll(turn(right));
      got.addAll(turn(left));
    }
    return got;
  }

  private long inUse(Bond bond) {
    return bond.members().stream().filter(MemberStatus::inUse).count();
  }

  @Test
  void bothEndsAggregateAllLinksAndCarryFlowsOnThem() {
    links(3);
    assertThat(left.link().up()).isFalse();
    run(5_000 * MS);
    assertThat(inUse(left)).isEqualTo(3);
    assertThat(inUse(right)).isEqualTo(3);
    assertThat(left.link()).isEqualTo(new LinkState(true, 3000));
    for (int flow = 0; flow < 60; flow++) {
      byte[] frame = Rig.tcp(flow, 0x10, 60, flow);
      Packets.mac(java.nio.ByteBuffer.wrap(frame), RIGHT);
      frame[10] = 0x0a;
      frame[11] = 0;
      left.send(new Frame[] {pools.frame(frame)}, 1);
    }
    assertThat(run(20 * MS)).hasSize(60);
    assertThat(left.aggregation()).hasSize(3).noneMatch(LacpStatus::churned);
  }

  @Test
  void aLinkThatFailsLeavesTheOthersCarrying() {
    links(2);
    run(5_000 * MS);
    carrier(pipes.get(0), false);
    run(20 * MS);
    assertThat(inUse(left)).isOne();
    assertThat(left.activeMember()).isEqualTo("l1");
    carrier(pipes.get(0), true);
    run(5_000 * MS);
    assertThat(inUse(left)).isEqualTo(2);
  }

  @Test
  void belowMinLinksTheBondIsDown() {
    LacpConfig lacp = LacpConfig.DEFAULT;
    left.close();
    left =
        bond(
            "left",
            LEFT,
            CONFIG.withLacp(
                new LacpConfig(LacpRate.FAST, true, 2, lacp.select(), lacp.systemPriority(), 0)));
    links(2);
    run(5_000 * MS);
    assertThat(left.link().up()).isTrue();
    carrier(pipes.get(0), false);
    run(20 * MS);
    assertThat(left.link().up()).isFalse();
    assertThat(left.activeMember()).isEqualTo(ActiveChange.NONE);
  }

  @Test
  void lacpOfTheHostDoesNotGoOutAndNothingOfOursComesUp() {
    links(1);
    assertThat(run(35_000 * MS)).as("LACPDUs").isEmpty();
    byte[] pdu = Packets.numbered(0x0180_c200_0002L, LEFT, 1);
    pdu[12] = (byte) 0x88;
    pdu[13] = 0x09;
    left.send(new Frame[] {pools.frame(pdu)}, 1);
    assertThat(run(20 * MS)).isEmpty();
    assertThat(
            left.counters().all().stream()
                .filter(c -> c.name().equals("tx_drop_control"))
                .findFirst()
                .orElseThrow()
                .get())
        .isOne();
  }

  @Test
  void anotherModeNeedsNoLacpAndGoesOnAtOnce() {
    links(2);
    left.reconfigure(CONFIG.withMode(BondMode.BALANCE_XOR));
    assertThat(turn(left)).isEmpty();
    assertThat(inUse(left)).isEqualTo(2);
    assertThat(left.aggregation()).isEmpty();
    left.reconfigure(CONFIG);
    run(5_000 * MS);
    assertThat(inUse(left)).isEqualTo(2);
    assertThat(left.remove("l0")).isTrue();
    assertThat(left.aggregation()).hasSize(1);
  }
}
