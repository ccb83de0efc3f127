package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Rings full of nonsense, also while they are read: whatever a peer writes, no exception comes
/// out, no address leaves the memory, and no more comes out than can be in.
class RingFuzzTest {
  private static final int SIZE = 16;
  private static final int MEMORY = 0x10000;
  private static final long TABLES = GuestMemory.BASE + 0x2000;

  private final Set<RingFault> seen = EnumSet.noneOf(RingFault.class);

  static IntStream seeds() {
    return IntStream.range(0, 16);
  }

  /// A descriptor that is wrong in about one field.
  private static void scribble(GuestMemory guest, Random random, long table, int index) {
    long address =
        switch (random.nextInt(12)) {
          case 0 -> random.nextLong();
          case 1 -> -random.nextInt(4096);
          case 2 -> GuestMemory.BASE + MEMORY - random.nextInt(64);
          default ->
              random.nextBoolean()
                  ? TABLES + 16L * random.nextInt(64)
                  : GuestMemory.BASE + random.nextInt(MEMORY - 4096);
        };
    long length =
        switch (random.nextInt(12)) {
          case 0 -> 0;
          case 1 -> random.nextInt();
          case 2 -> 16L * random.nextInt(20) + random.nextInt(2);
          default -> 16L * (1 + random.nextInt(8));
        };
    int flags = random.nextInt(10) == 0 ? random.nextInt(0x10000) : random.nextInt(3);
    if (random.nextInt(6) == 0) {
      flags = SplitRing.DESC_INDIRECT;
    }
    int next = random.nextInt(20) == 0 ? random.nextInt(0x10000) : random.nextInt(SIZE);
    guest.descriptor(table, index, address, length, flags, next);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aDeviceSurvivesAnyDriver(long seed) {
    Random random = new Random(seed);
    GuestMemory guest = new GuestMemory(Arena.ofAuto(), MEMORY);
    guest.border = random.nextBoolean() ? 64 : Long.MAX_VALUE;
    SplitRing ring = SplitRing.of(SIZE, guest.memory.asSlice(0, SplitRing.bytes(SIZE)));
    long avail = GuestMemory.BASE + SplitRing.availOffset(SIZE);
    for (int round = 0; round < 3000; round++) {
      for (int i = 0; i < SIZE; i++) {
        scribble(guest, random, GuestMemory.BASE, i);
        scribble(guest, random, TABLES, random.nextInt(64));
        int head = random.nextInt(30) == 0 ? random.nextInt(0x10000) : random.nextInt(SIZE);
        guest.u16(avail + 4 + 2L * i, head);
      }
      int base = random.nextInt(0x10000);
      int more = random.nextInt(20) == 0 ? random.nextInt(0x10000) : random.nextInt(SIZE + 1);
      guest.u16(avail + 2, base + more);
      boolean indirect = random.nextInt(8) != 0;
      work(new DeviceQueue(ring, true, indirect, guest, base), guest);
    }
    assertThat(seen).as("the nonsense has variety").hasSizeGreaterThan(12);
  }

  private void work(DeviceQueue device, GuestMemory guest) {
    Chain chain = new Chain(40);
    int taken = 0;
    int result;
    while ((result = device.next(chain)) == DeviceQueue.TAKEN) {
      taken++;
      assertThat(taken).isLessThanOrEqualTo(SIZE);
      inside(chain, guest);
    }
    assertThat(device.outstanding()).isEqualTo(taken);
    assertThat(result == DeviceQueue.BROKEN).isEqualTo(device.fault() != RingFault.NONE);
    seen.add(device.fault());
  }

  private static void inside(Chain chain, GuestMemory guest) {
    long start = guest.memory.address();
    long readable = 0;
    long all = 0;
    for (int i = 0; i < chain.pieces(); i++) {
      assertThat(chain.length(i)).isPositive();
      assertThat(chain.address(i)).isBetween(start, start + MEMORY - chain.length(i));
      all += chain.length(i);
      readable += i < chain.readablePieces() ? chain.length(i) : 0;
    }
    assertThat((long) chain.readableBytes()).isEqualTo(readable);
    assertThat((long) chain.writableBytes()).isEqualTo(all - readable);
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void aDeviceSurvivesADriverThatChangesTheRingMeanwhile() throws InterruptedException {
    GuestMemory guest = new GuestMemory(Arena.ofAuto(), MEMORY);
    SplitRing ring = SplitRing.of(SIZE, guest.memory.asSlice(0, SplitRing.bytes(SIZE)));
    long avail = GuestMemory.BASE + SplitRing.availOffset(SIZE);
    AtomicBoolean stop = new AtomicBoolean();
    Thread driver =
        new Thread(
            () -> {
              Random random = new Random(11);
              while (!stop.get()) {
                scribble(guest, random, GuestMemory.BASE, random.nextInt(SIZE));
                scribble(guest, random, TABLES, random.nextInt(64));
                guest.u16(avail + 4 + 2L * random.nextInt(SIZE), random.nextInt(SIZE + 1));
                guest.u16(avail + 2, random.nextInt(SIZE + 1));
              }
            });
    driver.start();
    try {
      // On a busy machine the driver's thread may hardly have run by then.
      for (int round = 0; round < 30_000 || seen.size() <= 5; round++) {
        work(new DeviceQueue(ring, true, true, guest, 0), guest);
      }
    } finally {
      stop.set(true);
      driver.join();
    }
    assertThat(seen).hasSizeGreaterThan(5);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aDriverSurvivesAnyDevice(long seed) {
    Random random = new Random(seed);
    MemorySegment memory = Arena.ofAuto().allocate(SplitRing.bytes(SIZE), 16);
    SplitRing ring = SplitRing.of(SIZE, memory);
    MemorySegment used = ring.used();
    for (int round = 0; round < 3000; round++) {
      DriverQueue driver = new DriverQueue(ring, true, null);
      int added = 0;
      for (int i = 0; i < SIZE; i++) {
        added += driver.addWritable(0x1000, 1 + random.nextInt(2000), i) >= 0 ? 1 : 0;
      }
      driver.publish();
      for (int i = 0; i < SIZE; i++) {
        int id = random.nextInt(20) == 0 ? random.nextInt() : random.nextInt(SIZE);
        int length = random.nextInt(20) == 0 ? random.nextInt() : random.nextInt(64);
        used.set(ValueLayout.JAVA_INT_UNALIGNED, 4 + 8L * i, id);
        used.set(ValueLayout.JAVA_INT_UNALIGNED, 8 + 8L * i, length);
      }
      used.set(ValueLayout.JAVA_SHORT, 2, (short) random.nextInt(SIZE + 3));
      int back = 0;
      int result;
      while ((result = driver.poll()) == DriverQueue.TAKEN) {
        assertThat(driver.usedToken()).isBetween(0, SIZE - 1);
        assertThat(driver.usedWritten()).isBetween(0, 2000);
        back++;
      }
      assertThat(driver.outstanding()).isEqualTo(added - back);
      assertThat(driver.outstandingTokens()).hasSize(added - back).isSorted();
      assertThat(driver.free()).isEqualTo(SIZE - (added - back));
      assertThat(result == DriverQueue.BROKEN).isEqualTo(driver.fault() != RingFault.NONE);
      seen.add(driver.fault());
    }
    assertThat(seen)
        .contains(
            RingFault.USED_INDEX_JUMP,
            RingFault.USED_ID_OUT_OF_RANGE,
            RingFault.USED_ID_NOT_OUTSTANDING,
            RingFault.USED_LENGTH_TOO_LONG);
  }
}
