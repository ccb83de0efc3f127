package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.iovec;
import braid.port.Clock;
import braid.port.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The ring on one thread, and as the waiter of a worker.
@Timeout(60)
class IoUringTest {
  private static final long FOREVER = Long.MAX_VALUE;

  private final Arena arena = Arena.ofAuto();
  private final IoUring ring = new IoUring(600);
  private final List<Integer> results = new ArrayList<>();

  @AfterEach
  void close() {
    ring.close();
  }

  private void record(int result, int flags) {
    results.add(result);
  }

  private void awaitResults(int count) {
    for (int i = 0; i < 10_000 && results.size() < count; i++) {
      ring.await(1_000_000_000L);
    }
    assertThat(results).hasSizeGreaterThanOrEqualTo(count);
  }

  @Test
  void operationsQueuedBeforeTheStartAreDoneAfterIt() {
    try (EventFd event = EventFd.create()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
      ring.read(event.fd(), count.address(), 8, this::record);
      ring.start();
      ring.poll();
      assertThat(results).isEmpty();
      event.signal();
      awaitResults(1);
      assertThat(results).containsExactly(8);
      assertThat(count.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(1);
    }
  }

  @Test
  void bytesGoOutInOrderByWriteAndWritevAndComeBackByReadAndReadv() {
    ring.start();
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket a = pair.get(0);
        UnixSocket b = pair.get(1)) {
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[] {1, 2, 3, 4, 5, 6});
      MemorySegment vectors = vectors(out.asSlice(2, 1), out.asSlice(3, 3));
      ring.write(a.fd(), out.address(), 2, this::record);
      ring.writev(a.fd(), vectors.address(), 2, this::record);
      awaitResults(2);
      MemorySegment in = arena.allocate(6);
      MemorySegment inVectors = vectors(in.asSlice(1, 2), in.asSlice(3, 3));
      ring.read(b.fd(), in.address(), 1, this::record);
      ring.readv(b.fd(), inVectors.address(), 2, this::record);
      awaitResults(4);
      assertThat(results).containsExactly(2, 4, 1, 5);
      assertThat(in.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  private MemorySegment vectors(MemorySegment... parts) {
    MemorySegment list = iovec.allocateArray(parts.length, arena);
    for (int i = 0; i < parts.length; i++) {
      MemorySegment one = iovec.asSlice(list, i);
      iovec.iov_base(one, parts[i]);
      iovec.iov_len(one, parts[i].byteSize());
    }
    return list;
  }

  @Test
  void moreOperationsThanTheSubmissionQueueHoldsAreHandedOverInBetween() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      for (int i = 0; i < 500; i++) {
        assertThat(ring.poll(event.fd(), Sys.POLLIN(), false, this::record))
            .isNotEqualTo(IoUring.NONE);
      }
      assertThat(ring.inFlight()).isEqualTo(501);
      ring.poll();
      assertThat(results).isEmpty();
      event.signal();
      awaitResults(500);
      assertThat(results).hasSize(500).allMatch(r -> r == Sys.POLLIN());
      assertThat(ring.inFlight()).isEqualTo(1);
    }
  }

  @Test
  void withoutASlotAnOperationIsRefusedAndTakenAgainLater() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      MemorySegment count = arena.allocate(8);
      while (ring.available() > 0) {
        ring.read(event.fd(), count.address(), 8, this::record);
      }
      assertThat(ring.read(event.fd(), count.address(), 8, this::record)).isEqualTo(IoUring.NONE);
      event.signal();
      awaitResults(1);
      assertThat(ring.read(event.fd(), count.address(), 8, this::record))
          .isNotEqualTo(IoUring.NONE);
    }
  }

  @Test
  void aCancelledOperationCompletesAndALateCancelHitsNobody() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      MemorySegment count = arena.allocate(8);
      long first = ring.read(event.fd(), count.address(), 8, this::record);
      ring.cancel(first);
      awaitResults(1);
      assertThat(results).containsExactly(-Sys.ECANCELED());
      long second = ring.read(event.fd(), count.address(), 8, this::record);
      assertThat(second).isNotEqualTo(first);
      assertThat((int) second).as("the slot is used again").isEqualTo((int) first);
      ring.cancel(first);
      ring.poll();
      event.signal();
      awaitResults(2);
      assertThat(results).endsWith(8);
    }
  }

  @Test
  void aMultishotPollCompletesForEachEventUntilCancelled() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      List<Boolean> more = new ArrayList<>();
      long poll =
          ring.poll(
              event.fd(),
              Sys.POLLIN(),
              true,
              (result, flags) -> {
                results.add(result);
                more.add(IoUring.more(flags));
              });
      for (int i = 1; i <= 3; i++) {
        event.signal();
        awaitResults(i);
        event.drain();
      }
      assertThat(results).allMatch(r -> (r & Sys.POLLIN()) != 0);
      ring.cancel(poll);
      awaitResults(4);
      assertThat(more).containsExactly(true, true, true, false);
    }
  }

  @Test
  void aWatchRunsForEachSignalUntilClosed() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      IoUring.Watch watch = ring.watch(event.fd(), () -> results.add(1));
      for (int i = 1; i <= 5; i++) {
        event.signal();
        awaitResults(i);
      }
      watch.close();
      ring.poll();
      event.signal();
      ring.await(10_000_000);
      ring.await(10_000_000);
      assertThat(results).hasSize(5);
      assertThat(ring.inFlight()).isEqualTo(1);
    }
  }

  @Test
  void aWatchSurvivesAThiefWhoDrainsTheEventFirst() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      IoUring.Watch watch = ring.watch(event.fd(), () -> results.add(1));
      for (int i = 0; i < 1000; i++) {
        ring.poll();
        // The kernel is told to look, and finds nothing: after many of these it gives up waiting.
        event.signal();
        event.drain();
      }
      results.clear();
      event.signal();
      awaitResults(1);
      watch.close();
    }
  }

  @Test
  void aWakeBeforeTheWaitEndsIt() {
    ring.start();
    ring.wake();
    ring.wake();
    ring.await(FOREVER);
    ring.poll();
    ring.wake();
    ring.await(FOREVER);
  }

  @Test
  void aThrowingCompletionIsNotCalledAgainAndTheOthersAre() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      MemorySegment count = arena.allocate(8);
      ring.read(
          event.fd(),
          count.address(),
          8,
          (_, _) -> {
            throw new IllegalStateException("from the completion");
          });
      ring.poll();
      event.signal();
      assertThatThrownBy(() -> awaitResults(1)).hasMessage("from the completion");
      ring.read(event.fd(), count.address(), 8, this::record);
      event.signal();
      awaitResults(1);
    }
  }

  @Test
  void closeEndsEverythingInFlight() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      MemorySegment count = arena.allocate(8);
      for (int i = 0; i < 300; i++) {
        ring.read(event.fd(), count.address(), 8, this::record);
      }
      ring.close();
      assertThat(results).hasSize(300).allMatch(r -> r == -Sys.ECANCELED());
      assertThat(ring.inFlight()).isZero();
      assertThat(ring.read(event.fd(), count.address(), 8, this::record)).isEqualTo(IoUring.NONE);
      ring.wake();
    }
  }

  @Test
  void anOperationAllocatesNothing() {
    ring.start();
    try (EventFd event = EventFd.create()) {
      MemorySegment count = arena.allocate(8);
      IoUring.Completion nothing = (_, _) -> {};
      var threads =
          (com.sun.management.ThreadMXBean)
              java.lang.management.ManagementFactory.getThreadMXBean();
      long smallest = Long.MAX_VALUE;
      for (int round = 0; round < 500 && smallest >= 2000; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 2000; i++) {
          ring.read(event.fd(), count.address(), 8, nothing);
          event.signal();
          ring.await(FOREVER);
        }
        smallest = Math.min(smallest, threads.getCurrentThreadAllocatedBytes() - before);
      }
      // The measuring itself may allocate a little; 2000 operations do not.
      assertThat(smallest).isLessThan(2000);
    }
  }

  @Test
  void aSleepingWorkerRunsCommandsOfManyThreads() throws Exception {
    AtomicInteger ran = new AtomicInteger();
    int threads = 4;
    int each = 2000;
    CountDownLatch done = new CountDownLatch(threads);
    try (Worker worker = new Worker("test", Clock.SYSTEM, new IoUring(16), 0).start()) {
      for (int t = 0; t < threads; t++) {
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < each; i++) {
                    worker.submit(ran::incrementAndGet);
                  }
                  done.countDown();
                });
      }
      assertThat(done.await(40, TimeUnit.SECONDS)).isTrue();
      // A lost wake-up would leave the last command, and this call, waiting for ever.
      assertThat(worker.call(() -> 1)).isEqualTo(1);
      assertThat(worker.failure()).isNull();
      for (int i = 0; i < 2000; i++) {
        worker.call(() -> 2);
      }
    }
    assertThat(ran).hasValue(threads * each);
  }
}
