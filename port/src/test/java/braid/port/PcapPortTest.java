package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class PcapPortTest {
  /// One Enhanced Packet Block as a reader sees it.
  private record Packet(int networkInterface, long stamp, List<Byte> bytes, int flags) {}

  @RegisterExtension final PoolBalance balance = new PoolBalance(1200, 2048, 2);

  @TempDir Path directory;

  private final PipePort pipe = new PipePort("uplink", "far", 1100);
  private final SimClock clock = new SimClock(1_700_000_000_123_456_789L);
  private final List<Packet> packets = new ArrayList<>();
  private String interfaceName = "";

  /// Reads the file by the draft, block by block; anything out of place fails.
  private void parse(Path path) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    packets.clear();
    int blocks = 0;
    while (in.hasRemaining()) {
      int start = in.position();
      int type = in.getInt();
      int total = in.getInt();
      assertThat(total % 4).isZero();
      assertThat(in.getInt(start + total - 4)).as("trailer").isEqualTo(total);
      ByteBuffer body = in.slice(start + 8, total - 12).order(ByteOrder.LITTLE_ENDIAN);
      in.position(start + total);
      switch (blocks++) {
        case 0 -> {
          assertThat(type).isEqualTo(0x0a0d0d0a);
          assertThat(body.getInt()).isEqualTo(0x1a2b3c4d);
          assertThat(body.getShort()).isEqualTo((short) 1);
          assertThat(body.getShort()).isZero();
          assertThat(body.getLong()).isEqualTo(-1);
        }
        case 1 -> {
          assertThat(type).isEqualTo(1);
          assertThat(body.getShort()).as("LINKTYPE_ETHERNET").isEqualTo((short) 1);
          body.position(8);
          interfaceOptions(body);
        }
        default -> {
          assertThat(type).isEqualTo(6);
          packets.add(packet(body));
        }
      }
    }
  }

  private static List<Byte> bytes(int... values) {
    List<Byte> list = new ArrayList<>();
    for (int each : values) {
      list.add((byte) each);
    }
    return list;
  }

  private void interfaceOptions(ByteBuffer body) {
    int code = body.getShort();
    while (code != 0) {
      byte[] value = new byte[body.getShort()];
      body.get(value).position((body.position() + 3) & ~3);
      if (code == 2) {
        interfaceName = new String(value, StandardCharsets.UTF_8);
      }
      if (code == 9) {
        assertThat(value).as("if_tsresol").containsExactly(9);
      }
      code = body.getShort();
    }
  }

  private static Packet packet(ByteBuffer body) {
    int networkInterface = body.getInt();
    long stamp = ((long) body.getInt() << 32) | (body.getInt() & 0xffff_ffffL);
    byte[] bytes = new byte[body.getInt()];
    assertThat(body.getInt()).as("original length").isEqualTo(bytes.length);
    body.get(bytes).position((body.position() + 3) & ~3);
    assertThat(body.getShort()).as("epb_flags").isEqualTo((short) 2);
    assertThat(body.getShort()).isEqualTo((short) 4);
    int flags = body.getInt();
    assertThat(body.getInt()).as("opt_endofopt").isZero();
    assertThat(body.hasRemaining()).isFalse();
    List<Byte> list = new ArrayList<>();
    for (byte each : bytes) {
      list.add(each);
    }
    return new Packet(networkInterface, stamp, list, flags);
  }

  @Test
  void bothDirectionsAreInTheFileWithTimeAndLength() throws IOException {
    Path path = directory.resolve("both.pcapng");
    try (PcapPort port = new PcapPort(pipe, path, clock)) {
      port.send(new Frame[] {balance.frame(1, 2, 3)}, 1);
      clock.advance(1_000);
      pipe.far().send(new Frame[] {balance.frame(4, 5, 6, 7)}, 1);
      Frame[] batch = new Frame[1];
      assertThat(port.receive(batch, 1)).isEqualTo(1);
      batch[0].release();
    }
    parse(path);
    assertThat(interfaceName).isEqualTo("uplink");
    assertThat(packets).hasSize(2);
    assertThat(packets.get(0).bytes()).isEqualTo(bytes(1, 2, 3));
    assertThat(packets.get(0).flags()).as("outbound").isEqualTo(2);
    assertThat(packets.get(0).stamp()).isEqualTo(1_700_000_000_123_456_789L);
    assertThat(packets.get(1).bytes()).isEqualTo(bytes(4, 5, 6, 7));
    assertThat(packets.get(1).flags()).as("inbound").isEqualTo(1);
    assertThat(packets.get(1).stamp()).isEqualTo(1_700_000_000_123_457_789L);
    pipe.drain();
  }

  @Test
  void aFrameInPiecesIsWrittenWhole() throws IOException {
    Path path = directory.resolve("pieces.pcapng");
    try (Arena arena = Arena.ofConfined();
        PcapPort port = new PcapPort(pipe, path, clock)) {
      var piece = arena.allocate(3).fill((byte) 9);
      Frame frame = balance.frame(1, 2);
      assertThat(frame.addPiece(piece.address(), 3)).isTrue();
      port.send(new Frame[] {frame}, 1);
    }
    parse(path);
    assertThat(packets.getFirst().bytes()).isEqualTo(bytes(1, 2, 9, 9, 9));
    pipe.drain();
  }

  @Test
  void armingWritesWhatWaitsSoThatAReaderCanFollow() throws IOException {
    Path path = directory.resolve("follow.pcapng");
    try (PcapPort port = new PcapPort(pipe, path, clock)) {
      port.send(new Frame[] {balance.frame(1)}, 1);
      parse(path);
      assertThat(packets).isEmpty();
      assertThat(port.arm()).isFalse();
      parse(path);
      assertThat(packets).hasSize(1);
    }
    pipe.drain();
  }

  @Test
  void moreFramesThanTheBufferHoldsAreAllWritten() throws IOException {
    Path path = directory.resolve("many.pcapng");
    try (PcapPort port = new PcapPort(pipe, path, clock)) {
      for (int i = 0; i < 1000; i++) {
        Frame frame = balance.pool.take();
        frame.write(new byte[2000]);
        port.send(new Frame[] {frame}, 1);
      }
      assertThat(port.counters().all())
          .extracting(Counter::toString)
          .contains("captured=1000", "capture_lost=0");
    }
    parse(path);
    assertThat(packets).hasSize(1000);
    pipe.drain();
  }

  @Test
  void aFileThatCannotBeWrittenIsRefusedAtOnce() {
    assertThatThrownBy(() -> new PcapPort(pipe, Path.of("/dev/full"), clock))
        .isInstanceOf(IOException.class);
  }

  @Test
  void afterTheFileIsClosedThePortGoesOnAndCountsWhatTheCaptureMisses() throws IOException {
    PcapPort port = new PcapPort(pipe, directory.resolve("closed.pcapng"), clock);
    port.close();
    port.send(new Frame[] {balance.frame(1)}, 1);
    assertThat(port.counters().all()).extracting(Counter::toString).contains("capture_lost=1");
    assertThat(pipe.far().arm()).isTrue();
    pipe.drain();
  }
}
