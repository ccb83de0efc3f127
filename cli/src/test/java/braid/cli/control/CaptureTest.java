package braid.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import braid.port.CaptureRing;
import braid.port.Frame;
import braid.port.TapPoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CaptureTest {
  @TempDir Path directory;

  private final TestNode node = new TestNode();

  @BeforeEach
  void steady() {
    await().until(() -> node.bonds().getFirst().active().equals("a0"));
  }

  @AfterEach
  void close() {
    node.close();
  }

  private static void write(FileChannel file, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  /// An ICMP echo request from 10.0.0.1 to 10.0.0.2 with checksums, `payload` bytes long.
  private static byte[] ping(int payload) {
    byte[] frame = new byte[42 + payload];
    ByteBuffer out = ByteBuffer.wrap(frame);
    out.put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0});
    out.put((byte) 0x45).put((byte) 0).putShort((short) (28 + payload)).putInt(0);
    out.put((byte) 64).put((byte) 1).putShort((short) 0);
    out.put(new byte[] {10, 0, 0, 1, 10, 0, 0, 2});
    out.putShort(24, checksum(frame, 14, 20));
    out.put((byte) 8);
    out.putShort(36, checksum(frame, 34, 8 + payload));
    return frame;
  }

  private static short checksum(byte[] bytes, int from, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      int value = bytes[from + i] & 255;
      sum += i % 2 == 0 ? value << 8 : value;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return (short) ~(sum + (sum >> 16));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  @Test
  @Tag("real")
  void tsharkReadsNamesTimesDirectionsLengthsAndLosses() throws Exception {
    Path path = directory.resolve("way.pcapng");
    TapPoint guest = node.taps().get("vm1");
    TapPoint nic = node.taps().get("a0");
    Capture capture = new Capture(List.of(guest, nic), 100, 4, CaptureRing.BYTES_MIN).begin();
    node.sendFromGuest(ping(10));
    node.sendFromGuest(ping(400));
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      capture.run(() -> false, bytes -> write(file, bytes));
    }
    await().until(() -> node.sweep() == 2);
    String text =
        run(
            "tshark",
            "-r",
            path.toString(),
            "-T",
            "fields",
            "-E",
            "separator=,",
            "-e",
            "frame.interface_name",
            "-e",
            "frame.packet_flags_direction",
            "-e",
            "frame.len",
            "-e",
            "frame.cap_len",
            "-e",
            "ip.src",
            "-e",
            "icmp.type");
    assertThat(text.lines().filter(line -> line.contains("10.0.0.1")))
        .containsExactlyInAnyOrder(
            "vm1,0x00000001,52,52,10.0.0.1,8",
            "a0,0x00000002,52,52,10.0.0.1,8",
            "vm1,0x00000001,442,100,10.0.0.1,8",
            "a0,0x00000002,442,100,10.0.0.1,8");
    assertThat(run("capinfos", "-M", path.toString()))
        .contains("Number of packets:   4")
        .contains("Name = vm1")
        .contains("Name = a0")
        .contains("Time precision = nanoseconds (9)")
        .contains("Number of stat entries = 1");
  }

  @Test
  void aCaptureToldToEndHasAllThatPassedBefore() throws IOException {
    TapPoint guest = node.taps().get("vm1");
    Capture capture =
        new Capture(List.of(guest), Frame.BYTES_MAX, Long.MAX_VALUE, CaptureRing.BYTES_MIN).begin();
    for (int i = 0; i < 50; i++) {
      node.sendFromGuest(ping(i));
    }
    await().until(() -> capture.taken() == 50);
    long[] bytes = {0};
    capture.run(() -> true, part -> bytes[0] += part.remaining());
    assertThat(bytes[0]).isGreaterThan(50 * 42);
    assertThat(guest.attached()).isZero();
    assertThat(capture.lost()).isZero();
    await().until(() -> node.sweep() >= 0);
    node.sweep();
  }

  @Test
  void aSinkThatFailsEndsTheCaptureAndLeavesThePort() {
    TapPoint guest = node.taps().get("vm1");
    Capture capture =
        new Capture(List.of(guest), Frame.BYTES_MAX, Long.MAX_VALUE, CaptureRing.BYTES_MIN);
    assertThatThrownBy(
            () ->
                capture.run(
                    () -> false,
                    bytes -> {
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(guest.attached()).isZero();
    node.sendFromGuest(ping(0));
    await().until(() -> node.sweep() == 1);
  }

  @Test
  void aCaptureFileHoldsWhatPassedWhileItWasOpen() throws IOException {
    Path path = directory.resolve("vm1.pcapng");
    TapPoint guest = node.taps().get("vm1");
    try (CaptureFile file = new CaptureFile(guest, path)) {
      assertThat(guest.attached()).isEqualTo(1);
      node.sendFromGuest(ping(200));
      await().until(() -> Files.size(path) > 300);
      assertThat(file).isNotNull();
    }
    assertThat(guest.attached()).isZero();
    assertThat(Files.readAllBytes(path)).startsWith(0x0a, 0x0d, 0x0d, 0x0a);
    assertThat(Files.size(path) % 4).isZero();
    await().until(() -> node.sweep() == 1);
  }

  @Test
  void aFileThatCannotBeMadeIsRefusedAndOneThatIsFullEndsTheCaptureOnly() {
    TapPoint guest = node.taps().get("vm1");
    assertThatThrownBy(() -> new CaptureFile(guest, directory)).isInstanceOf(IOException.class);
    assertThat(guest.attached()).isZero();
    try (CaptureFile full = new CaptureFile(guest, Path.of("/dev/full"))) {
      assertThat(full).isNotNull();
      await().until(() -> guest.attached() == 0);
    } catch (IOException e) {
      throw new AssertionError("/dev/full can be opened", e);
    }
    node.sendFromGuest(ping(0));
    await().until(() -> node.sweep() == 1);
  }
}
