package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BondAllocationTest {
  private static final int BATCH = 32;
  private static final int TURNS = 20_000;

  @RegisterExtension final Pools pools = new Pools();

  private final SimClock clock = new SimClock(0);
  private final PipePort device = new PipePort("m0", "node", 256);
  private final MepPort node =
      new MepPort(device.far(), Continuity.NODE, 0x0200_0000_0f00L, pools.control, clock);
  private final Bond bond =
      new Bond(
          "ssi0",
          LocalAddresses.of(Lab.BOND),
          BondConfig.DEFAULT,
          pools.control,
          clock,
          change -> {});
  private final Frame[] batch = new Frame[64];
  private final byte[] down = Packets.numbered(Lab.PEER, Lab.BOND, 1);
  private final byte[] up = Packets.numbered(Lab.BOND, Lab.PEER, 1);
  private long moved;

  /// A batch each way and 50 µs: with continuity messages now and then.
  private void turn() {
    for (int i = 0; i < BATCH; i++) {
      batch[i] = pools.data.take();
      batch[i].write(down);
    }
    bond.send(batch, BATCH);
    release(node.receive(batch, 64));
    for (int i = 0; i < BATCH; i++) {
      batch[i] = pools.data.take();
      batch[i].write(up);
    }
    node.send(batch, BATCH);
    release(bond.receive(batch, 64));
    clock.advance(50_000);
  }

  private void release(int count) {
    for (int i = 0; i < count; i++) {
      batch[i].release();
    }
    moved += count;
  }

  @Test
  void aFrameThroughTheBondAndTheNodeAllocatesNothing() {
    node.uplink(LinkState.UP);
    bond.add(device, new MemberConfig("m0", Lab.BOND, 0, 0));
    for (int i = 0; i < 400; i++) {
      release(bond.receive(batch, 64));
      release(node.receive(batch, 64));
      clock.advance(50_000);
    }
    assertThat(bond.activeMember()).isEqualTo("m0");
    for (int i = 0; i < TURNS; i++) {
      turn();
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    moved = 0;
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < TURNS; i++) {
      turn();
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(moved).isEqualTo(2L * BATCH * TURNS);
    // Asking takes some; 1.28 million frames and 200 messages must take none.
    assertThat(allocated).as("bytes for %d frames", moved).isLessThan(16_384);
    assertThat(bond.remove("m0")).isTrue();
    device.drain();
  }

  /// 1.28 million frames of 32 flows, with gaps now and then.
  @ParameterizedTest
  @EnumSource(
      value = BondMode.class,
      names = {"LACP"},
      mode = EnumSource.Mode.EXCLUDE)
  void aFrameAllocatesNothingInAnyMode(BondMode mode) {
    Rig rig = Rig.of(pools, Rig.QUIET.withMode(mode).withFlowletGap(120_000), 3);
    byte[][] frames = new byte[BATCH][];
    for (int flow = 0; flow < BATCH; flow++) {
      frames[flow] = Rig.tcp(flow, 0x10, 100, flow);
    }
    spread(rig, frames, TURNS);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    moved = 0;
    long before = threads.getCurrentThreadAllocatedBytes();
    spread(rig, frames, TURNS);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(moved).isEqualTo((mode == BondMode.BROADCAST ? 3L : 1L) * BATCH * TURNS);
    assertThat(allocated).as("bytes for %d frames", moved).isLessThan(16_384);
    rig.close();
  }

  private void spread(Rig rig, byte[][] frames, int turns) {
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < BATCH; i++) {
        batch[i] = pools.data.take();
        batch[i].write(frames[i]);
      }
      rig.bond.send(batch, BATCH);
      release(rig.bond.receive(batch, 64));
      for (int member = 0; member < 3; member++) {
        release(rig.ports.get(member).far().receive(batch, 64));
      }
      rig.clock.advance(turn % 16 == 0 ? 150_000 : 50_000);
    }
  }
}
