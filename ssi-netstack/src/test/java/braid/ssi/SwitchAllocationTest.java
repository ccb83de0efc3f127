package braid.ssi;

import static braid.ssi.SwitchRig.A;
import static braid.ssi.SwitchRig.ALL;
import static braid.ssi.SwitchRig.B;
import static braid.ssi.SwitchRig.C;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.MS;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.Port;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// In the steady state a frame through the switch allocates nothing: guarded and open ends, tags in
/// and out, broadcasts and their copies, a rate limit, an address seldom seen.
class SwitchAllocationTest {
  private static final int TURNS = 10_000;
  private static final int BATCH = 16;

  @RegisterExtension final Pools pools = new Pools();
  private final SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  private final Port a =
      rig.hub.attach(
          "a",
          EndConfig.guest(A)
              .vlan(5)
              .limits(RateLimit.of(100_000_000_000L), RateLimit.of(100_000_000_000L)));
  private final Port b = rig.hub.attach("b", EndConfig.guest(B).vlan(5));
  private final Port open = rig.hub.attach("open", EndConfig.OPEN);
  private final Frame[] batch = new Frame[256];
  private final byte[] guestOut = SwitchRig.frame(FAR, A, 1);
  private final byte[] guestToGuest = SwitchRig.frame(B, A, 2);
  private final byte[] netIn = SwitchRig.tagged(5, SwitchRig.frame(A, FAR, 3));
  private final byte[] broadcast = SwitchRig.tagged(5, SwitchRig.frame(ALL, FAR, 4));
  private final byte[] openOut = SwitchRig.frame(FAR, C, 5);
  private final byte[] openIn = SwitchRig.frame(C, FAR, 6);
  private long moved;

  private void give(Port end, byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      batch[i] = pools.data.take();
      batch[i].write(bytes);
    }
    end.send(batch, count);
  }

  private void drain(Port end) {
    int count = end.receive(batch, 256);
    for (int i = 0; i < count; i++) {
      batch[i].release();
    }
    moved += count;
  }

  private void turn() {
    give(a, guestOut, Math.min(BATCH, a.room()));
    give(a, guestToGuest, BATCH);
    give(rig.net, netIn, Math.min(BATCH, rig.net.room()));
    give(rig.net, broadcast, 2);
    give(open, openOut, BATCH);
    give(rig.net, openIn, BATCH);
    drain(a);
    drain(b);
    drain(open);
    drain(rig.net);
    rig.clock.advance(MS / 20);
  }

  @Test
  void aFrameThroughTheSwitchAllocatesNothing() {
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
    assertThat(moved).isEqualTo((5L * BATCH + 6) * TURNS);
    // Asking takes some; 860,000 frames must take none.
    assertThat(allocated).as("bytes for %d frames", moved).isLessThan(16_384);
    rig.close();
  }
}
