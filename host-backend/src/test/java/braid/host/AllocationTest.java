package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.kernel.IoUring;
import braid.port.Frame;
import braid.port.SimClock;
import braid.virtio.Feature;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The data path makes no garbage.
class AllocationTest {
  private static final int ROUNDS = 30_000;
  private static final int FRAMES = 32;

  @Test
  void aMillionFramesThereAndBackAllocateNothing() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    IoUring ring = new IoUring(64);
    ring.start();
    VhostNetPort port = new VhostNetPort("guest", new SimClock(0), ring);
    TestGuest guest = new TestGuest();
    Region region =
        Region.map(
            new Region.Place(TestGuest.GUEST, TestGuest.BYTES, TestGuest.USER, 0), guest.file.fd());
    port.memory(GuestMemory.of(List.of(region)));
    long features = NetDevice.FEATURES & ~Feature.ACCESS_PLATFORM.mask();
    for (int i = 0; i < 2; i++) {
      port.start(i, new VhostNetPort.Setup(guest.place(i), features, 0, null, null));
      port.enable(i, true);
    }
    Frame[] batch = new Frame[64];
    rounds(port, guest, batch, ROUNDS);
    // The compiler may still be at work the first time; a second look must be clean.
    long allocated = Long.MAX_VALUE;
    for (int i = 0; i < 3 && allocated != 0; i++) {
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      int moved = rounds(port, guest, batch, ROUNDS);
      allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      assertThat(moved).isEqualTo(ROUNDS * FRAMES);
    }
    assertThat(allocated).isZero();
    port.detach();
    ring.close();
    guest.close();
  }

  private static int rounds(VhostNetPort port, TestGuest guest, Frame[] batch, int rounds) {
    int moved = 0;
    for (int i = 0; i < rounds; i++) {
      for (int k = 0; k < FRAMES; k++) {
        guest.queue(1).addReadable(TestGuest.GUEST + 0x2_0000 + k * 256L, 12 + 200, k);
        guest.queue(0).addWritable(TestGuest.GUEST + 0x4_0000 + k * 2048L, 2048, k);
      }
      guest.queue(0).publish();
      guest.queue(1).publish();
      int count = port.receive(batch, Math.min(64, port.room()));
      port.send(batch, count);
      port.flush();
      while (guest.queue(1).poll() > 0) {
        assert guest.queue(1).usedWritten() == 0;
      }
      while (guest.queue(0).poll() > 0) {
        moved++;
      }
    }
    return moved;
  }
}
