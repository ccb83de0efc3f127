package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Driver half and device half on two threads over one memory, sleeping and waking each other by
/// kicks and calls only: a lost one hangs the test, a reordered one shows a wrong number.
class TwoThreadsTest {
  private static final int BYTES = 64;

  /// FORBIDDEN outcomes: a chain whose buffer still has an old number ("index before contents"), a
  /// chain that comes twice or out of order, and a side that sleeps while the other waits for it.
  @ParameterizedTest(name = "size {0}, EVENT_IDX {1}, batch {2}, {3} entries")
  @CsvSource({
    "256, true, 32, 1000000",
    "256, false, 32, 1000000",
    "4, true, 2, 150000",
    "4, false, 2, 150000",
    "1, true, 1, 60000",
    "64, true, 64, 300000",
  })
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void everyEntryArrivesOnceInOrderWithItsContents(
      int size, boolean eventIdx, int batch, int entries) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      GuestMemory guest =
          new GuestMemory(arena, SplitRing.bytes(size) + 4096L + (long) size * BYTES);
      SplitRing ring = SplitRing.of(size, guest.memory.asSlice(0, SplitRing.bytes(size)));
      long data = (SplitRing.bytes(size) + 4095) & -4096;
      DriverQueue driver = new DriverQueue(ring, eventIdx, null);
      DeviceQueue device = new DeviceQueue(ring, eventIdx, false, guest, 0);
      Semaphore kick = new Semaphore(0);
      Semaphore call = new Semaphore(0);
      MemorySegment memory = guest.memory.asSlice(data, (long) size * BYTES);
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        Future<Integer> sent =
            threads.submit(new DriverSide(driver, memory, data, batch, entries, kick, call));
        Future<Integer> got = threads.submit(new DeviceSide(device, batch, entries, kick, call));
        assertThat(got.get()).isEqualTo(entries);
        assertThat(sent.get()).isEqualTo(entries);
        assertThat(driver.fault()).isEqualTo(RingFault.NONE);
        assertThat(device.fault()).isEqualTo(RingFault.NONE);
        assertThat(driver.outstanding()).isZero();
        assertThat(device.outstanding()).isZero();
      } finally {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  /// Sends numbers and wants them back doubled, each in its own slot.
  private record DriverSide(
      DriverQueue queue,
      MemorySegment memory,
      long data,
      int batch,
      int entries,
      Semaphore kick,
      Semaphore calls)
      implements Callable<Integer> {
    @Override
    public Integer call() throws InterruptedException {
      int slots = queue.size();
      int sent = 0;
      int back = 0;
      while (back < entries) {
        boolean moved = false;
        for (int i = 0; i < batch && queue.poll() == DriverQueue.TAKEN; i++) {
          assertThat(queue.usedToken()).isEqualTo(back);
          long slot = (long) (back % slots) * BYTES;
          assertThat(memory.get(ValueLayout.JAVA_INT, slot)).isEqualTo(2 * back);
          back++;
          moved = true;
        }
        for (int i = 0; i < batch && sent < entries && sent - back < slots; i++) {
          long slot = (long) (sent % slots) * BYTES;
          memory.set(ValueLayout.JAVA_INT, slot, sent);
          int head = queue.addWritable(GuestMemory.BASE + data + slot, BYTES, sent);
          assertThat(head).isNotNegative();
          sent++;
          moved = true;
        }
        queue.publish();
        if (queue.kickNeeded()) {
          kick.release();
        }
        assertThat(queue.fault()).isEqualTo(RingFault.NONE);
        if (!moved && !queue.arm()) {
          calls.acquire();
          calls.drainPermits();
        }
      }
      return back;
    }
  }

  /// Takes numbers and doubles them.
  private record DeviceSide(
      DeviceQueue queue, int batch, int entries, Semaphore kick, Semaphore calls)
      implements Callable<Integer> {
    @Override
    public Integer call() throws InterruptedException {
      Chain chain = new Chain(1);
      int got = 0;
      while (got < entries) {
        int before = got;
        for (int i = 0; i < batch && queue.next(chain) == DeviceQueue.TAKEN; i++) {
          MemorySegment buffer = GuestMemory.at(chain.address(0), BYTES);
          assertThat(buffer.get(ValueLayout.JAVA_INT, 0)).isEqualTo(got);
          buffer.set(ValueLayout.JAVA_INT, 0, 2 * got);
          queue.complete(chain.head(), BYTES);
          got++;
        }
        queue.publish();
        if (queue.callNeeded()) {
          calls.release();
        }
        assertThat(queue.fault()).isEqualTo(RingFault.NONE);
        if (got == before && !queue.arm()) {
          kick.acquire();
          kick.drainPermits();
        }
      }
      return got;
    }
  }
}
