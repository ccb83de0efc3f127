package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/// The worker's side makes no garbage.
class AllocationTest {
  private static final int ROUNDS = 20_000;

  @Test
  void framesThereAndBackAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().threadId();
    try (Lab lab = new Lab().up()) {
      Frame[] batch = new Frame[64];
      rounds(lab, batch);
      // The compiler may still be at work the first time; a second look must be clean.
      long allocated = Long.MAX_VALUE;
      for (int i = 0; i < 3 && allocated != 0; i++) {
        long before = threads.getThreadAllocatedBytes(thread);
        long moved = rounds(lab, batch);
        allocated = threads.getThreadAllocatedBytes(thread) - before;
        assertThat(moved).isGreaterThan(ROUNDS);
      }
      assertThat(allocated).isZero();
      lab.settle();
    }
  }

  private static long rounds(Lab lab, Frame[] batch) {
    FabricPort a = lab.a;
    FabricPort b = lab.b();
    Lab.Wire wire = lab.wire;
    long moved = 0;
    for (int i = 0; i < ROUNDS; i++) {
      int room = Math.min(16, a.room());
      for (int k = 0; k < room; k++) {
        Frame frame = lab.pool.take();
        frame.plainHeader();
        frame.headLength(k % 2 == 0 ? 60 : 1514);
        batch[k] = frame;
      }
      a.send(batch, room);
      a.flush();
      wire.move(1 << 20, 1 << 20);
      int got = b.receive(batch, 64);
      b.send(batch, Math.min(got, b.room()));
      for (int k = b.room(); k < got; k++) {
        batch[k].release();
      }
      b.flush();
      wire.move(1 << 20, 1 << 20);
      int back = a.receive(batch, 64);
      for (int k = 0; k < back; k++) {
        batch[k].release();
      }
      a.flush();
      lab.clock.advance(60_000);
      moved += back;
    }
    return moved;
  }
}
