package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CaptureRingTest {
  /// One Enhanced Packet Block as a reader sees it.
  record Packet(int port, long stamp, List<Byte> bytes, int original, int flags) {}

  @RegisterExtension final PoolBalance balance = new PoolBalance(4, 70_000, 2);

  private final SimClock clock = new SimClock(1_700_000_000_123_456_789L);

  /// Reads Enhanced Packet Blocks by the draft; anything out of place fails.
  static List<Packet> parse(byte[] blocks) {
    List<Packet> packets = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(blocks).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      int start = in.position();
      assertThat(in.getInt()).as("type").isEqualTo(6);
      int total = in.getInt();
      assertThat(total % 4).isZero();
      assertThat(in.getInt(start + total - 4)).as("trailer").isEqualTo(total);
      int port = in.getInt();
      long stamp = ((long) in.getInt() << 32) | (in.getInt() & 0xffff_ffffL);
      byte[] bytes = new byte[in.getInt()];
      int original = in.getInt();
      in.get(bytes);
      while ((in.position() & 3) != 0) {
        assertThat(in.get()).as("padding").isZero();
      }
      assertThat(in.getShort()).as("epb_flags").isEqualTo((short) 2);
      assertThat(in.getShort()).isEqualTo((short) 4);
      int flags = in.getInt();
      assertThat(in.getInt()).as("opt_endofopt").isZero();
      assertThat(in.position()).isEqualTo(start + total - 4);
      in.position(start + total);
      List<Byte> list = new ArrayList<>();
      for (byte each : bytes) {
        list.add(each);
      }
      packets.add(new Packet(port, stamp, list, original, flags));
    }
    return packets;
  }

  static List<Packet> drain(CaptureRing ring) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ring.drain(
        bytes -> {
          byte[] part = new byte[bytes.remaining()];
          bytes.get(part);
          out.writeBytes(part);
        });
    return parse(out.toByteArray());
  }

  static List<Byte> bytes(int... values) {
    List<Byte> list = new ArrayList<>();
    for (int each : values) {
      list.add((byte) each);
    }
    return list;
  }

  private CaptureRing ring(int snapLength, long limit) {
    return new CaptureRing(CaptureRing.BYTES_MIN, 2, snapLength, limit, clock);
  }

  @Test
  void aFrameComesOutAsABlockWithTimePortDirectionAndLength() {
    CaptureRing ring = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
    Frame frame = balance.frame(1, 2, 3, 4, 5);
    ring.put(frame, 1, CaptureRing.OUTBOUND);
    frame.release();
    assertThat(drain(ring))
        .containsExactly(new Packet(1, clock.nanos(), bytes(1, 2, 3, 4, 5), 5, 2));
    assertThat(drain(ring)).isEmpty();
    assertThat(ring.taken()).isEqualTo(1);
    assertThat(ring.taken(1)).isEqualTo(1);
    assertThat(ring.lost()).isZero();
  }

  @Test
  void aFrameInPiecesIsCopiedWholeAndCutAtTheSnapLengthInsideAPiece() {
    try (Arena arena = Arena.ofConfined()) {
      Frame frame = balance.frame(1, 2);
      assertThat(frame.addPiece(arena.allocate(3).fill((byte) 8).address(), 3)).isTrue();
      assertThat(frame.addPiece(arena.allocate(4).fill((byte) 9).address(), 4)).isTrue();
      CaptureRing whole = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
      whole.put(frame, 0, CaptureRing.INBOUND);
      assertThat(drain(whole).getFirst().bytes()).isEqualTo(bytes(1, 2, 8, 8, 8, 9, 9, 9, 9));
      CaptureRing cut = ring(6, Long.MAX_VALUE);
      cut.put(frame, 0, CaptureRing.INBOUND);
      Packet packet = drain(cut).getFirst();
      assertThat(packet.bytes()).isEqualTo(bytes(1, 2, 8, 8, 8, 9));
      assertThat(packet.original()).isEqualTo(9);
      CaptureRing headOnly = ring(1, Long.MAX_VALUE);
      headOnly.put(frame, 0, CaptureRing.INBOUND);
      assertThat(drain(headOnly).getFirst().bytes()).isEqualTo(bytes(1));
      frame.release();
    }
  }

  @Test
  void anEmptyFrameIsAnEmptyPacket() {
    CaptureRing ring = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
    Frame frame = balance.frame();
    ring.put(frame, 0, CaptureRing.INBOUND);
    frame.release();
    Packet packet = drain(ring).getFirst();
    assertThat(packet.bytes()).isEmpty();
    assertThat(packet.original()).isZero();
  }

  @Test
  void aFullRingLosesTheCopyAndCountsIt() {
    CaptureRing ring = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
    Frame frame = balance.pool.take();
    frame.write(new byte[60_000]);
    for (int i = 0; i < 3; i++) {
      ring.put(frame, 0, CaptureRing.INBOUND);
    }
    assertThat(ring.taken()).isEqualTo(2);
    assertThat(ring.lost(0)).isEqualTo(1);
    assertThat(drain(ring)).hasSize(2);
    ring.put(frame, 0, CaptureRing.INBOUND);
    frame.release();
    assertThat(drain(ring)).as("room again").hasSize(1);
    assertThat(ring.lost()).isEqualTo(1);
  }

  @Test
  void theLimitIsExact() {
    CaptureRing ring = ring(Frame.BYTES_MAX, 2);
    Frame frame = balance.frame(1);
    for (int i = 0; i < 5; i++) {
      assertThat(ring.full()).isEqualTo(i >= 2);
      ring.put(frame, 0, CaptureRing.INBOUND);
    }
    frame.release();
    assertThat(drain(ring)).hasSize(2);
    assertThat(ring.lost()).as("not wanted is not lost").isZero();
  }

  @Test
  void framesOfAnyLengthComeOutAsTheyWentInRoundTheRingManyTimes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    CaptureRing ring = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
    Frame frame = balance.pool.take();
    List<Packet> expected = new ArrayList<>();
    for (int round = 0; round < 2_000; round++) {
      byte[] content = new byte[random.nextInt(2_000)];
      random.nextBytes(content);
      frame.write(content);
      clock.advance(random.nextInt(1_000));
      int port = random.nextInt(2);
      ring.put(frame, port, CaptureRing.INBOUND);
      List<Byte> list = new ArrayList<>();
      for (byte each : content) {
        list.add(each);
      }
      expected.add(new Packet(port, clock.nanos(), list, content.length, 1));
      // The longest 50 fit into the ring.
      if (random.nextInt(20) == 0 || expected.size() == 50) {
        assertThat(drain(ring)).as("seed %d", seed).isEqualTo(expected);
        expected.clear();
      }
    }
    frame.release();
    assertThat(ring.lost()).as("seed %d", seed).isZero();
  }

  @Test
  void aSinkThatFailsLosesWhatItWasGivenAndNothingElse() {
    CaptureRing ring = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
    Frame frame = balance.frame(1);
    ring.put(frame, 0, CaptureRing.INBOUND);
    assertThatThrownBy(
            () ->
                ring.drain(
                    bytes -> {
                      throw new IOException("full");
                    }))
        .isInstanceOf(IOException.class);
    ring.put(frame, 0, CaptureRing.INBOUND);
    frame.release();
    assertThat(drain(ring)).hasSize(1);
  }

  @Test
  void aWriterAndAReaderOnTwoThreadsSeeTheSameBytes() throws InterruptedException {
    int frames = 200_000;
    CaptureRing ring = ring(Frame.BYTES_MAX, Long.MAX_VALUE);
    Frame frame = balance.pool.take();
    frame.write(new byte[60]);
    Thread writer =
        new Thread(
            () -> {
              for (int i = 0; i < frames; i++) {
                Memory.putInt(frame.head(), i);
                ring.put(frame, 0, CaptureRing.INBOUND);
              }
            });
    writer.start();
    int last = -1;
    long seen = 0;
    while (seen + ring.lost() < frames || ring.taken() > seen) {
      for (Packet packet : drain(ring)) {
        int number = 0;
        for (int i = 3; i >= 0; i--) {
          number = (number << 8) | (packet.bytes().get(i) & 255);
        }
        assertThat(number).isGreaterThan(last);
        last = number;
        seen++;
      }
    }
    writer.join();
    frame.release();
    assertThat(seen).isEqualTo(ring.taken());
    assertThat(seen + ring.lost()).isEqualTo(frames);
  }

  @Test
  void sizesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> new CaptureRing(100_000, 1, 10, 1, clock))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CaptureRing(1 << 16, 1, 10, 1, clock))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ring(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ring(Frame.BYTES_MAX + 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ring(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
