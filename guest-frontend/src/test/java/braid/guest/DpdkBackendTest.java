package braid.guest;

import static org.assertj.core.api.Assertions.assertThat;

import braid.kernel.IoUring;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.Memory;
import braid.port.PipePort;
import braid.port.Worker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The driver half against DPDK's net_vhost, which sends back what it gets.
@Tag("real")
class DpdkBackendTest {
  private static final long SEED = 20_260_101;
  private static final int WINDOW = 128;
  private static final int TABLE = 1 << 16;
  private static final int HEAD = 22;

  @TempDir Path folder;

  private final DmaMemory memory = DmaMemory.shared(16 << 20);
  private final FramePool pool =
      new FramePool(memory.take(FramePool.bytesFor(WINDOW, 2048), 64), 2048, 0);
  private final long table = memory.take(TABLE, 64).address();
  private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final Frame[] batch = new Frame[64];
  private VhostUserTransport transport;
  private VirtioNetPort port;

  @BeforeEach
  void randomPayloads() {
    byte[] random = new byte[TABLE];
    new Random(SEED).nextBytes(random);
    Memory.write(random, 0, table, TABLE);
    System.out.println("seed " + SEED);
  }

  private void open() {
    transport =
        VhostUserTransport.connect(
            folder.resolve("v.sock"),
            memory,
            0x0200_0000_0001L,
            commands::add,
            Duration.ofSeconds(30));
    port =
        new VirtioNetPort(
            "v", transport, memory, Clock.SYSTEM, new VirtioNetPort.Options(256, WINDOW, 0));
    port.open();
    transport.listen(port);
  }

  @AfterEach
  void everythingComesBack() {
    if (port != null) {
      port.close();
      assertThat(port.heldBuffers()).isZero();
      assertThat(pool.balanced()).isTrue();
    }
    memory.close();
  }

  private void runCommands() {
    for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
      command.run();
    }
  }

  private void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("not within 30 s: " + what);
      }
      runCommands();
      Thread.onSpinWait();
    }
  }

  private static int lengthOf(long sequence) {
    return 64 + (int) ((sequence * 7919) % (1500 - 64 + 1));
  }

  private long contentOf(long sequence) {
    return table + (sequence * 104_729) % (TABLE - 1500);
  }

  private Frame frame(long sequence) {
    Frame frame = pool.take();
    int length = lengthOf(sequence);
    frame.plainHeader();
    Memory.putLong(frame.head(), 0x0200_0000_0002L);
    Memory.putLong(frame.head() + 6, 0x0200_0000_0001L);
    Memory.putShort(frame.head() + 12, (short) 0xb588);
    Memory.putLong(frame.head() + 14, sequence);
    Memory.copy(contentOf(sequence), frame.head() + HEAD, length - HEAD);
    frame.headLength(length);
    return frame;
  }

  private void check(Frame frame, long sequence) {
    assertThat(Memory.getLong(frame.head() + 14)).isEqualTo(sequence);
    int length = lengthOf(sequence);
    assertThat(frame.length()).isEqualTo(length);
    long offset = frame.head() + HEAD - memory.memory().address();
    long wanted = contentOf(sequence) - memory.memory().address();
    long bytes = (long) length - HEAD;
    if (memory.memory().asSlice(offset, bytes).mismatch(memory.memory().asSlice(wanted, bytes))
        != -1) {
      throw new AssertionError("frame " + sequence + " came back altered");
    }
  }

  /// Waits until what is sent comes back: net_vhost takes frames a moment before it gives any, and
  /// the forwarder throws away what it cannot pass on.
  private void awaitLoop() {
    await("link up", () -> port.link().up());
    long[] heard = {0};
    long[] asked = {0};
    await(
        "a frame that comes back, and no more after it",
        () -> {
          long now = System.nanoTime();
          if (heard[0] == 0 && now - asked[0] > 100_000_000) {
            asked[0] = now;
            batch[0] = frame(0);
            port.send(batch, 1);
          }
          int got = port.receive(batch, batch.length);
          for (int i = 0; i < got; i++) {
            batch[i].release();
            heard[0] = now;
          }
          port.flush();
          return heard[0] != 0 && now - heard[0] > 100_000_000;
        });
  }

  /// Sends frames `from` to `to` and checks that all come back, in order and unaltered.
  private void echo(long from, long to) {
    long sent = from;
    long back = from;
    long lastMove = System.nanoTime();
    while (back < to) {
      int count = (int) Math.min(Math.min(WINDOW - (sent - back), to - sent), 32);
      count = Math.min(count, port.room());
      for (int i = 0; i < count; i++) {
        batch[i] = frame(sent + i);
      }
      port.send(batch, count);
      sent += count;
      int got = port.receive(batch, batch.length);
      for (int i = 0; i < got; i++) {
        check(batch[i], back++);
        batch[i].release();
      }
      port.flush();
      long now = System.nanoTime();
      if (got > 0) {
        lastMove = now;
      } else if (now - lastMove > 20_000_000_000L) {
        throw new AssertionError("frame " + back + " did not come back; " + port.counters());
      }
    }
  }

  @Test
  void aMillionFramesComeBackUnaltered() throws Exception {
    try (TestPmd device = new TestPmd(folder.resolve("v.sock"), folder.resolve("log"))) {
      open();
      awaitLoop();
      long received = port.counters().rxFrames.get();
      long sent = port.counters().txFrames.get();
      long begin = System.nanoTime();
      echo(0, 1_000_000);
      System.out.printf(
          "1,000,000 frames echoed by net_vhost in %.1f s, features %x%n",
          (System.nanoTime() - begin) / 1e9, port.negotiated());
      assertThat(port.counters().rxFrames.get() - received).isEqualTo(1_000_000);
      assertThat(port.counters().txFrames.get() - sent).isEqualTo(1_000_000);
      assertThat(device.alive()).isTrue();
    }
  }

  @Test
  void aBackendThatIsKilledAndComesBackIsUsedAgain() throws Exception {
    Path socket = folder.resolve("v.sock");
    TestPmd first = new TestPmd(socket, folder.resolve("log"));
    try {
      open();
      awaitLoop();
      echo(0, 10_000);
      first.kill();
      await("link down", () -> !port.link().up());
      List<Frame> left = new ArrayList<>();
      for (int count = port.recall(batch, 64); count > 0; count = port.recall(batch, 64)) {
        left.addAll(List.of(Arrays.copyOf(batch, count)));
      }
      left.forEach(Frame::release);
    } finally {
      first.close();
    }
    // DPDK does not listen where a dead process left its socket.
    Files.delete(socket);
    try (TestPmd second = new TestPmd(socket, folder.resolve("log2"))) {
      awaitLoop();
      echo(10_000, 50_000);
      assertThat(second.alive()).isTrue();
    }
  }

  @Test
  void whatAKilledBackendHadCanBeRecalledInOrder() throws Exception {
    TestPmd device = new TestPmd(folder.resolve("v.sock"), folder.resolve("log"));
    try {
      open();
      awaitLoop();
      echo(0, 1000);
      device.freeze();
      for (int i = 0; i < 50; i++) {
        batch[i] = frame(1000 + i);
      }
      port.send(batch, 50);
      port.flush();
      device.kill();
      await("link down", () -> !port.link().up());
      ArrayDeque<Frame> back = new ArrayDeque<>();
      for (int count = port.recall(batch, 64); count > 0; count = port.recall(batch, 64)) {
        back.addAll(List.of(Arrays.copyOf(batch, count)));
      }
      assertThat(back).hasSize(50);
      for (int i = 0; i < 50; i++) {
        Frame frame = back.poll();
        check(frame, 1000 + i);
        frame.release();
      }
    } finally {
      device.close();
    }
  }

  @Test
  void aSleepingWorkerIsWokenByTheDevice() throws Exception {
    try (TestPmd device = new TestPmd(folder.resolve("v.sock"), folder.resolve("log"));
        IoUring ring = new IoUring(64)) {
      Worker worker = new Worker("guest", Clock.SYSTEM, ring, 0);
      transport =
          VhostUserTransport.connect(
              folder.resolve("v.sock"), memory, 1, worker::submit, Duration.ofSeconds(30));
      port =
          new VirtioNetPort(
              "v", transport, memory, worker.clock(), new VirtioNetPort.Options(256, WINDOW, 0));
      port.open();
      PipePort near = new PipePort("near", "far", 64);
      worker.submit(() -> port.watch(ring));
      worker.add(new Cable(port, near));
      worker.start();
      for (int i = 0; i < 200; i++) {
        long sequence = i;
        worker.call(
            () -> {
              batch[0] = frame(sequence);
              near.far().send(batch, 1);
              return 0;
            });
        // Nobody posts a command meanwhile: only the interrupt can wake the worker.
        long end = System.nanoTime() + 10_000_000_000L;
        while (port.counters().rxFrames.get() <= i) {
          assertThat(System.nanoTime() - end).as("frame %d", i).isNegative();
          Thread.onSpinWait();
        }
        int got = worker.call(() -> near.far().receive(batch, 64));
        assertThat(got).isEqualTo(1);
        check(batch[0], sequence);
        Frame frame = batch[0];
        worker.submit(frame::release);
      }
      assertThat(device.alive()).isTrue();
      worker.call(
          () -> {
            port.close();
            return 0;
          });
      worker.close();
    }
  }
}
