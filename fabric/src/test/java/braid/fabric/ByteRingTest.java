package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bytes go in at one thread and come out at another.
class ByteRingTest {
  @Test
  void whatIsPutIsSeenOnlyAfterPublish() {
    try (Arena arena = Arena.ofConfined()) {
      ByteRing ring = new ByteRing(arena.allocate(64));
      ring.put(numbers(arena, 10).address(), 10);
      assertThat(ring.readable()).isZero();
      assertThat(ring.publish()).isTrue();
      assertThat(ring.publish()).isFalse();
      assertThat(ring.readable()).isEqualTo(10);
      assertThat(ring.free()).isEqualTo(54);
      ring.consume(4);
      assertThat(ring.readable()).isEqualTo(6);
      assertThat(ring.getInt(0)).isEqualTo(0x07060504);
    }
  }

  @Test
  void numbersAndCopiesGoAroundTheEnd() {
    try (Arena arena = Arena.ofConfined()) {
      for (int shift = 0; shift < 64; shift++) {
        ByteRing ring = new ByteRing(arena.allocate(64));
        ring.advance(shift);
        ring.publish();
        ring.consume(shift);
        assertThat(ring.free()).isGreaterThanOrEqualTo(32);
        ring.put(numbers(arena, 30).address(), 30);
        ring.publish();
        assertThat(ring.getInt(3)).isEqualTo(0x06050403);
        assertThat(ring.getLong(8)).isEqualTo(0x0f0e0d0c0b0a0908L);
        MemorySegment out = arena.allocate(25);
        ring.copy(5, out.address(), 25);
        for (int i = 0; i < 25; i++) {
          assertThat(Memory.getByte(out.address() + i)).isEqualTo((byte) (5 + i));
        }
      }
    }
  }

  @Test
  void whatCannotBeFinishedIsForgotten() {
    try (Arena arena = Arena.ofConfined()) {
      ByteRing ring = new ByteRing(arena.allocate(64));
      long mark = ring.mark();
      ring.put(numbers(arena, 10).address(), 10);
      ring.reset(mark);
      assertThat(ring.publish()).isFalse();
      assertThat(ring.free()).isEqualTo(64);
    }
  }

  @Test
  void onlyNativePowersOfTwo() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> new ByteRing(arena.allocate(100)))
          .hasMessageContaining("power of two");
      assertThatThrownBy(() -> new ByteRing(MemorySegment.ofArray(new byte[64])))
          .hasMessageContaining("native");
    }
  }

  private static MemorySegment numbers(Arena arena, int count) {
    MemorySegment out = arena.allocate(count);
    for (int i = 0; i < count; i++) {
      Memory.putByte(out.address() + i, (byte) i);
    }
    return out;
  }

  /// FORBIDDEN outcomes: a byte that was not written yet ("published before contents"), one that
  /// was overwritten before it was read ("consumed before read"), one twice, one never.
  @ParameterizedTest(name = "ring of {0}")
  @ValueSource(ints = {64, 4096, 262_144})
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void everyByteArrivesOnceInOrderWithItsContents(int size) throws Exception {
    long total = size < 1000 ? 1_000_000L : 20_000_000L;
    try (Arena arena = Arena.ofShared()) {
      ByteRing ring = new ByteRing(arena.allocate(size));
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        Future<Long> putting = threads.submit(() -> put(ring, arena, total));
        Future<Long> taking = threads.submit(() -> take(ring, arena, total));
        assertThat(putting.get()).isEqualTo(total);
        assertThat(taking.get()).as("bytes as they were put").isEqualTo(total);
      } finally {
        threads.shutdownNow();
      }
    }
  }

  /// Byte number n is n * 7 + n / 256: no shift by the ring's size looks right.
  private static byte expected(long n) {
    return (byte) (n * 7 + (n >>> 8));
  }

  private static long put(ByteRing ring, Arena arena, long total) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(11);
    MemorySegment scratch = arena.allocate(ring.size());
    long sent = 0;
    while (sent < total) {
      int n = (int) Math.min(Math.min(ring.free(), 1 + random.nextInt(ring.size())), total - sent);
      for (int i = 0; i < n; i++) {
        Memory.putByte(scratch.address() + i, expected(sent + i));
      }
      ring.put(scratch.address(), n);
      sent += n;
      if (random.nextBoolean() || n == 0) {
        ring.publish();
      }
    }
    ring.publish();
    return sent;
  }

  private static long take(ByteRing ring, Arena arena, long total) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(12);
    MemorySegment scratch = arena.allocate(ring.size());
    long got = 0;
    while (got < total) {
      int n = Math.min(ring.readable(), 1 + random.nextInt(ring.size()));
      ring.copy(0, scratch.address(), n);
      ring.consume(n);
      for (int i = 0; i < n; i++) {
        if (Memory.getByte(scratch.address() + i) != expected(got + i)) {
          return -(got + i);
        }
      }
      got += n;
    }
    return got;
  }
}
