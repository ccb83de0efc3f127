package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The driver half against the device half through one piece of memory, step by random step, beside
/// a plain queue as the model.
class RingModelTest {
  private static final int SLOT = 256;

  static Stream<Arguments> cases() {
    return IntStream.of(1, 2, 4, 8, 64, 256)
        .boxed()
        .flatMap(
            size ->
                Stream.of(false, true)
                    .flatMap(
                        event ->
                            Stream.of(false, true)
                                .flatMap(
                                    indirect ->
                                        IntStream.range(0, 4)
                                            .mapToObj(
                                                seed ->
                                                    Arguments.of(size, event, indirect, seed)))));
  }

  @ParameterizedTest(name = "size {0}, EVENT_IDX {1}, INDIRECT {2}, seed {3}")
  @MethodSource("cases")
  void everyChainArrivesOnceInOrderAndComesBackOnceInOrder(
      int size, boolean event, boolean indirect, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      new Model(arena, size, event, indirect, seed).run(140_000 / (size < 64 ? 2 : 1));
    }
  }

  /// A driver and a device, and what should happen between them.
  private static final class Model {
    private final int size;
    private final Random random;
    private final GuestMemory guest;
    private final DriverQueue driver;
    private final DeviceQueue device;
    private final long data;
    private final Chain chain;
    private final long[] address;
    private final int[] length;

    private final ArrayDeque<Integer> offered = new ArrayDeque<>();
    private final ArrayDeque<Integer> used = new ArrayDeque<>();
    private final List<int[]> taken = new ArrayList<>();
    private final int[] writtenBy;
    private int nextToken;
    private boolean kickPending;
    private boolean callPending;
    private boolean deviceArmed;
    private boolean driverArmed;

    Model(Arena arena, int size, boolean event, boolean indirect, long seed) {
      this.size = size;
      this.random = new Random(seed);
      int entries = Math.min(size, 8);
      long ringBytes = (SplitRing.bytes(size) + 4095) & -4096;
      long tableBytes = IndirectTables.bytes(size, entries);
      this.guest = new GuestMemory(arena, ringBytes + tableBytes + (long) size * SLOT + 4096);
      SplitRing ring = SplitRing.of(size, guest.memory.asSlice(0, SplitRing.bytes(size)));
      this.data = GuestMemory.BASE + ringBytes + tableBytes;
      IndirectTables tables =
          indirect && entries >= 2
              ? new IndirectTables(
                  guest.memory.asSlice(ringBytes, tableBytes),
                  GuestMemory.BASE + ringBytes,
                  entries)
              : null;
      this.driver = new DriverQueue(ring, event, tables);
      this.device = new DeviceQueue(ring, event, indirect, guest, 0);
      this.chain = new Chain(size);
      this.address = new long[size];
      this.length = new int[size];
      this.writtenBy = new int[1 << 20];
    }

    void run(int steps) {
      for (int i = 0; i < steps; i++) {
        switch (random.nextInt(10)) {
          case 0, 1, 2 -> add();
          case 3 -> showDevice();
          case 4, 5 -> take();
          case 6, 7 -> complete();
          case 8 -> showDriver();
          default -> poll();
        }
        assertThat(driver.fault()).isEqualTo(RingFault.NONE);
        assertThat(device.fault()).isEqualTo(RingFault.NONE);
      }
      drain();
      assertThat(nextToken).as("enough to wrap around").isGreaterThan(steps / 100);
      assertThat(driver.free()).isEqualTo(size);
      assertThat(driver.outstanding()).isZero();
      assertThat(driver.outstandingTokens()).isEmpty();
      assertThat(device.outstanding()).isZero();
      assertThat(device.base()).isEqualTo(nextToken & 0xffff);
    }

    private void add() {
      int buffers = 1 + random.nextInt(Math.min(size, 5));
      int writable = random.nextInt(buffers + 1);
      for (int i = 0; i < buffers; i++) {
        length[i] = 1 + random.nextInt(SLOT);
        address[i] = data + (long) random.nextInt(size) * SLOT;
      }
      int token = nextToken;
      int head;
      if (buffers == 1 && random.nextBoolean()) {
        head =
            writable == 1
                ? driver.addWritable(address[0], length[0], token)
                : driver.addReadable(address[0], length[0], token);
      } else {
        head = driver.add(address, length, buffers - writable, writable, token);
      }
      if (head == DriverQueue.FULL) {
        assertThat(driver.free()).isLessThan(buffers);
        return;
      }
      nextToken++;
      offered.add(token);
      assertThat(driver.outstanding()).isEqualTo(offered.size() + taken.size() + used.size());
    }

    private void showDevice() {
      driver.publish();
      if (driver.kickNeeded()) {
        kickPending = true;
      }
    }

    private void take() {
      if (random.nextBoolean()) {
        device.disarm();
        deviceArmed = false;
      }
      int max = random.nextInt(5);
      int got = 0;
      int result = DeviceQueue.EMPTY;
      while (got < max && (result = device.next(chain)) == DeviceQueue.TAKEN) {
        int token = offered.remove();
        int room = chain.writableBytes();
        int written = room == 0 ? 0 : random.nextInt(room + 1);
        taken.add(new int[] {chain.head(), written, token});
        writtenBy[token] = written;
        got++;
      }
      if (got > 0 && random.nextInt(4) == 0) {
        int back = 1 + random.nextInt(got);
        device.untake(back);
        for (int i = 0; i < back; i++) {
          offered.addFirst(taken.removeLast()[2]);
        }
      } else if (result == DeviceQueue.EMPTY && max > 0) {
        deviceArmed = !device.arm();
      }
      if (got > 0) {
        deviceArmed = false;
        kickPending = false;
      }
    }

    private void complete() {
      if (taken.isEmpty()) {
        return;
      }
      // Any order: the used ring must still be in the order of offering.
      int count = 1 + random.nextInt(taken.size());
      List<int[]> some = new ArrayList<>(taken.subList(0, count));
      taken.subList(0, count).clear();
      Collections.shuffle(some, random);
      List<Integer> tokens = new ArrayList<>();
      for (int[] each : some) {
        device.complete(each[0], each[1]);
        tokens.add(each[2]);
      }
      Collections.sort(tokens);
      used.addAll(tokens);
    }

    private void showDriver() {
      device.publish();
      if (device.callNeeded()) {
        callPending = true;
      }
    }

    private void poll() {
      int max = random.nextInt(6);
      for (int i = 0; i < max; i++) {
        int result = driver.poll();
        if (result == DriverQueue.EMPTY) {
          driverArmed = !driver.arm();
          assertThat(driverArmed).isTrue();
          return;
        }
        assertThat(result).isEqualTo(DriverQueue.TAKEN);
        int token = used.remove();
        assertThat(driver.usedToken()).isEqualTo(token);
        assertThat(driver.usedWritten()).isEqualTo(writtenBy[token]);
        callPending = false;
        driverArmed = false;
      }
    }

    private void drain() {
      showDevice();
      if (deviceArmed && !offered.isEmpty()) {
        assertThat(kickPending).as("an armed device was kicked").isTrue();
      }
      while (device.next(chain) == DeviceQueue.TAKEN) {
        taken.add(new int[] {chain.head(), 0, offered.remove()});
        writtenBy[taken.getLast()[2]] = 0;
      }
      assertThat(offered).isEmpty();
      complete();
      while (!taken.isEmpty()) {
        complete();
      }
      showDriver();
      if (driverArmed && !used.isEmpty()) {
        assertThat(callPending).as("an armed driver was called").isTrue();
      }
      while (driver.poll() == DriverQueue.TAKEN) {
        assertThat(driver.usedToken()).isEqualTo(used.remove());
      }
      assertThat(used).isEmpty();
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void theBytesOfAChainAreTheBytesOfItsBuffers(long seed) {
    Random random = new Random(seed);
    try (Arena arena = Arena.ofConfined()) {
      int size = 16;
      GuestMemory guest = new GuestMemory(arena, 1 << 16);
      guest.border = 512;
      SplitRing ring = SplitRing.of(size, guest.memory.asSlice(0, SplitRing.bytes(size)));
      DriverQueue driver = new DriverQueue(ring, true, null);
      DeviceQueue device = new DeviceQueue(ring, true, true, guest, 0);
      MemorySegment data = guest.memory.asSlice(4096);
      for (int i = 0; i < data.byteSize(); i++) {
        data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
      }
      long[] address = new long[4];
      int[] length = new int[4];
      for (int round = 0; round < 200; round++) {
        int buffers = 1 + random.nextInt(4);
        List<Byte> wanted = new ArrayList<>();
        for (int i = 0; i < buffers; i++) {
          length[i] = 1 + random.nextInt(2000);
          int offset = random.nextInt(50_000);
          address[i] = GuestMemory.BASE + 4096 + offset;
          for (int b = 0; b < length[i]; b++) {
            wanted.add(data.get(ValueLayout.JAVA_BYTE, offset + b));
          }
        }
        driver.add(address, length, buffers, 0, round);
        driver.publish();
        Chain chain = new Chain(64);
        assertThat(device.next(chain)).isEqualTo(DeviceQueue.TAKEN);
        List<Byte> got = new ArrayList<>();
        for (int i = 0; i < chain.pieces(); i++) {
          MemorySegment piece = GuestMemory.at(chain.address(i), chain.length(i));
          for (int b = 0; b < chain.length(i); b++) {
            got.add(piece.get(ValueLayout.JAVA_BYTE, b));
          }
        }
        assertThat(got).isEqualTo(wanted);
        assertThat(chain.readableBytes()).isEqualTo(wanted.size());
        device.complete(chain.head(), 0);
        device.publish();
        assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
        assertThat(driver.usedToken()).isEqualTo(round);
      }
    }
  }

  static IntStream seeds() {
    return IntStream.range(0, 8);
  }
}
