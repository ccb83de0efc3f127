package braid.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ControlServerTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  @TempDir Path directory;

  private final TestNode node = new TestNode();
  private Path path;
  private ControlServer server;

  @BeforeEach
  void listen() {
    path = directory.resolve("run/node.sock");
    server = ControlServer.open(path, node);
  }

  @AfterEach
  void close() {
    server.close();
    node.close();
  }

  /// A client that can send anything.
  private final class Raw implements AutoCloseable {
    final SocketChannel channel;
    final LineReader lines;

    Raw() throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
      lines = new LineReader(channel, Protocol.REPLY_MAX);
    }

    void send(String text) throws IOException {
      send(text.getBytes(StandardCharsets.UTF_8));
    }

    void send(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    JsonObject reply() throws IOException {
      String line = lines.next();
      assertThat(line).as("the node hung up").isNotNull();
      return Json.parse(line).asObject();
    }

    JsonObject ask(String text) throws IOException {
      send(text + "\n");
      return reply();
    }

    void assertAlive() throws IOException {
      JsonObject reply = ask("{\"v\":1,\"id\":\"alive\",\"op\":\"hello\"}");
      assertThat(reply.getString("id", "")).isEqualTo("alive");
      assertThat(reply.get("result").asObject().getInt("protocol", 0)).isEqualTo(1);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private static String error(JsonObject reply) {
    assertThat(reply.get("error")).as("%s", reply).isNotNull();
    return reply.get("error").asObject().getString("message", "");
  }

  @Test
  void theFileIsForOwnerAndGroupAndGoesAwayWithTheNode() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-rw----");
    assertThat(Files.list(path.getParent())).as("nothing beside it").containsExactly(path);
    server.close();
    assertThat(path).doesNotExist();
  }

  @Test
  void aLivingNodesSocketIsRefusedAndStaysUsable() throws IOException {
    assertThatThrownBy(() -> ControlServer.open(path, node))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("another node answers there")
        .hasMessageContaining("another socket");
    try (Raw raw = new Raw()) {
      raw.assertAlive();
    }
  }

  @Test
  void aSocketThatADeadNodeLeftIsReplaced() throws IOException {
    Path left = directory.resolve("left.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(left));
    }
    assertThat(left).exists();
    try (ControlServer next = ControlServer.open(left, node);
        SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(left))) {
      assertThat(client.isConnected()).isTrue();
      await().until(() -> next.clients() == 1);
    }
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws IOException {
    Path file = Files.writeString(directory.resolve("precious"), "data");
    assertThatThrownBy(() -> ControlServer.open(file, node))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("no socket");
    assertThat(file).hasContent("data");
  }

  @Test
  void aPathTooLongIsRefusedByName() {
    Path tooLong = directory.resolve("x".repeat(120));
    assertThatThrownBy(() -> ControlServer.open(tooLong, node))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("shorter");
  }

  @Test
  void aSocketThatIsAnotherNodesByNowIsNotRemoved() throws IOException {
    Files.delete(path);
    try (ControlServer other = ControlServer.open(path, node)) {
      server.close();
      assertThat(path).exists();
      assertThat(other.clients()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "[]",
        "17",
        "{",
        "{\"v\":1}",
        "{\"v\":1,\"id\":null,\"op\":\"status\"}",
        "{\"v\":1,\"id\":{},\"op\":\"status\"}",
        "{\"v\":2,\"id\":1,\"op\":\"status\"}",
        "{\"id\":1,\"op\":\"status\"}",
        "{\"v\":\"1\",\"id\":1,\"op\":\"status\"}",
        "{\"v\":1,\"id\":1}",
        "{\"v\":1,\"id\":1,\"op\":7}",
        "{\"v\":1,\"id\":1,\"op\":\"fly\"}",
        "{\"v\":1,\"id\":1,\"op\":\"status\",\"args\":[]}",
        "{\"v\":1,\"id\":1,\"op\":\"status\",\"args\":{\"x\":1}}",
        "{\"v\":1,\"id\":1,\"op\":\"bond.set-active\",\"args\":{\"bond\":1,\"member\":\"a\"}}",
        "{\"v\":1,\"id\":1,\"op\":\"bond.set-active\"}",
        "{\"v\":1,\"id\":1,\"op\":\"nic.drain\",\"args\":{\"name\":\"a0\",\"patience_ms\":1e99}}",
        "{\"v\":1,\"id\":1,\"op\":\"nic.drain\",\"args\":{\"name\":\"a0\",\"patience_ms\":-1}}",
        "{\"v\":1,\"id\":1,\"op\":\"nic.add\",\"args\":{\"name\":\"a0\",\"settings\":[]}}",
        "{\"v\":1,\"id\":1,\"op\":\"nic.add\",\"args\":{\"name\":\"a\",\"settings\":{\"a\":1}}}",
        "{\"v\":1,\"id\":1,\"op\":\"nic.remove\",\"args\":{\"name\":\"a\",\"force\":\"y\"}}",
        "{\"v\":1,\"id\":1,\"op\":\"capture\",\"args\":{\"ports\":\"vm1\"}}",
        "{\"v\":1,\"id\":1,\"op\":\"capture\",\"args\":{\"ports\":[]}}",
        "{\"v\":1,\"id\":1,\"op\":\"capture\",\"args\":{\"ports\":[1]}}",
        "{\"v\":1,\"id\":1,\"op\":\"capture\",\"args\":{\"ports\":[\"vm2\"]}}",
        "{\"v\":1,\"id\":1,\"op\":\"capture\",\"args\":{\"ports\":[\"vm1\"],\"count\":0.5}}",
        "{\"v\":1,\"id\":1,\"op\":\"capture\",\"args\":{\"ports\":[\"vm1\"],\"snap_length\":0}}",
        "{\"v\":1,\"id\":1,\"op\":\"stop\"}",
        "{\"v\":1,\"id\":1,\"op\":\"stop\",\"args\":{\"stream\":9}}"
      })
  void anythingWrongIsRefusedAndTheConnectionLives(String line) throws IOException {
    try (Raw raw = new Raw()) {
      JsonObject reply = raw.ask(line);
      assertThat(error(reply)).isNotEmpty();
      assertThat(reply.get("error").asObject().getString("kind", "")).isEqualTo("invalid");
      raw.assertAlive();
    }
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    try (Raw raw = new Raw()) {
      assertThat(error(raw.ask("[".repeat(60_000)))).isNotEmpty();
      raw.assertAlive();
    }
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() throws IOException {
    try (Raw raw = new Raw()) {
      raw.send(new byte[] {'{', (byte) 0xff, (byte) 0xfe, '}', '\n'});
      assertThat(error(raw.reply())).contains("UTF-8");
      raw.assertAlive();
    }
  }

  @Test
  void anOversizeLineIsRefusedWithItsLengthAndTheConnectionLives() throws IOException {
    try (Raw raw = new Raw()) {
      assertThat(error(raw.ask("x".repeat(100_000)))).contains("100000").contains("65536");
      raw.assertAlive();
    }
  }

  @Test
  void aLineWithoutEndIsHungUpOn() throws IOException {
    try (Raw raw = new Raw()) {
      byte[] much = new byte[1 << 16];
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 64; i++) {
                  raw.send(much);
                }
                raw.reply();
              })
          .isInstanceOfAny(IOException.class, AssertionError.class);
    }
    await().until(() -> server.clients() == 0);
  }

  @Test
  void randomBytesNeverHurt() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 50; i++) {
      try (Raw raw = new Raw()) {
        byte[] noise = new byte[random.nextInt(4_000)];
        random.nextBytes(noise);
        raw.send(noise);
        raw.send("\n");
        raw.send("{\"v\":1,\"id\":\"after\",\"op\":\"hello\"}\n");
        JsonObject reply = raw.reply();
        while (!reply.get("id").toString().equals("\"after\"")) {
          assertThat(error(reply)).as("seed %d", seed).isNotEmpty();
          reply = raw.reply();
        }
      }
    }
  }

  @Test
  void requestsInOnePieceAreAnsweredInOrder() throws IOException {
    try (Raw raw = new Raw()) {
      raw.send(
          "{\"v\":1,\"id\":1,\"op\":\"hello\"}\n{\"v\":1,\"id\":2,\"op\":\"nics\"}\n{\"v\":1,\"id\":3,");
      assertThat(raw.reply().getInt("id", 0)).isEqualTo(1);
      assertThat(raw.reply().getInt("id", 0)).isEqualTo(2);
      raw.send("\"op\":\"hello\"}\n");
      assertThat(raw.reply().getInt("id", 0)).isEqualTo(3);
    }
  }

  @Test
  void manyClientsAtOnceAndOneTooManyIsTold() throws Exception {
    List<Raw> clients = new ArrayList<>();
    for (int i = 0; i < ControlServer.CLIENTS_MAX; i++) {
      clients.add(new Raw());
    }
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (Raw raw : clients) {
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < 20; i++) {
                        raw.assertAlive();
                      }
                    } catch (Throwable t) {
                      synchronized (failures) {
                        failures.add(t);
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    try (Raw extra = new Raw()) {
      assertThat(error(extra.reply())).contains("64 clients");
    }
    for (Raw raw : clients) {
      raw.close();
    }
    await().until(() -> server.clients() == 0);
    try (Raw raw = new Raw()) {
      raw.assertAlive();
    }
  }

  @Test
  void aClientThatNeverReadsIsHungUpOnAndNobodyElseNotices() throws IOException {
    Path other = directory.resolve("impatient.sock");
    ControlSession.Patience short_ =
        new ControlSession.Patience(LONG, Duration.ofMillis(300), LONG);
    try (ControlServer impatient = ControlServer.open(other, node, short_);
        SocketChannel deaf = SocketChannel.open(UnixDomainSocketAddress.of(other))) {
      String requests = "{\"v\":1,\"id\":1,\"op\":\"status\"}\n".repeat(2_000);
      deaf.configureBlocking(false);
      await().until(() -> impatient.clients() == 1);
      // As many answers as fill the socket's buffers; the node then waits for a reader.
      deaf.write(ByteBuffer.wrap(requests.getBytes(StandardCharsets.UTF_8)));
      await().atMost(Duration.ofSeconds(20)).until(() -> impatient.clients() == 0);
    }
    try (Raw raw = new Raw()) {
      raw.assertAlive();
    }
  }

  @Test
  void aClientThatAsksNothingIsSentAwayButOneWithAStreamStays() throws Exception {
    Path other = directory.resolve("idle.sock");
    ControlSession.Patience short_ =
        new ControlSession.Patience(Duration.ofMillis(300), LONG, LONG);
    try (ControlServer impatient = ControlServer.open(other, node, short_);
        ControlClient streaming = ControlClient.connect(other);
        SocketChannel idle = SocketChannel.open(UnixDomainSocketAddress.of(other))) {
      Thread stream =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      var _ =
                          streaming.stream(
                              "events", new JsonObject().add("follow", true), event -> {});
                    } catch (IOException e) {
                      throw new AssertionError("no item was to be passed on", e);
                    }
                  });
      LineReader lines = new LineReader(idle, 65_536);
      assertThat(lines.next()).contains("hung up");
      assertThat(lines.next()).isNull();
      await().during(Duration.ofMillis(500)).until(() -> impatient.clients() == 1);
      assertThat(stream.isAlive()).isTrue();
      streaming.stop();
      stream.join();
    }
  }

  @Test
  void aHangingNodeIsToldToTheClientAndOtherOperationsGoOn() throws IOException {
    node.hangs = true;
    server.close();
    server =
        ControlServer.open(
            path, node, new ControlSession.Patience(LONG, LONG, Duration.ofMillis(300)));
    try (Raw raw = new Raw();
        Raw second = new Raw()) {
      raw.send("{\"v\":1,\"id\":1,\"op\":\"status\"}\n");
      assertThat(second.ask("{\"v\":1,\"id\":2,\"op\":\"nics\"}").get("result")).isNotNull();
      assertThat(error(raw.reply())).contains("did not answer within 0.3 s");
      assertThat(second.ask("{\"v\":1,\"id\":3,\"op\":\"nics\"}").get("result")).isNotNull();
    }
  }

  @Test
  void aKilledClientsStreamsEnd() throws IOException {
    try (Raw raw = new Raw()) {
      raw.send("{\"v\":1,\"id\":5,\"op\":\"capture\",\"args\":{\"ports\":[\"vm1\"]}}\n");
      assertThat(raw.reply().get("item")).isNotNull();
      assertThat(node.taps().get("vm1").attached()).isEqualTo(1);
    }
    await().until(() -> node.taps().get("vm1").attached() == 0);
    await().until(() -> server.clients() == 0);
  }

  @Test
  void streamsRunBesideRequestsAndEndOnStop() throws IOException {
    try (Raw raw = new Raw()) {
      raw.send("{\"v\":1,\"id\":\"s\",\"op\":\"nics.watch\"}\n");
      JsonObject first = raw.reply();
      assertThat(first.get("item").asObject().getLong("version", 0)).isEqualTo(7);
      raw.assertAlive();
      node.publish(TestNode.nicMap(8, true));
      JsonObject second = raw.reply();
      assertThat(second.get("item").asObject().getBoolean("stale", false)).isTrue();
      assertThat(error(raw.ask("{\"v\":1,\"id\":\"s\",\"op\":\"nics.watch\"}")))
          .contains("has the id");
      raw.send("{\"v\":1,\"id\":9,\"op\":\"stop\",\"args\":{\"stream\":\"s\"}}\n");
      List<JsonObject> last = List.of(raw.reply(), raw.reply());
      assertThat(last).anyMatch(line -> line.get("result") != null);
      assertThat(last).anyMatch(line -> line.get("end") != null);
    }
  }

  @Test
  void tooManyStreamsAreRefused() throws IOException {
    try (Raw raw = new Raw()) {
      for (int i = 0; i < 8; i++) {
        raw.send("{\"v\":1,\"id\":" + i + ",\"op\":\"events\",\"args\":{\"follow\":true}}\n");
      }
      assertThat(error(raw.ask("{\"v\":1,\"id\":8,\"op\":\"events\",\"args\":{\"follow\":true}}")))
          .contains("8 streams");
    }
  }

  @Test
  void whatAnOperatorChangesIsAnEventWithItsName() throws Exception {
    try (Raw raw = new Raw();
        EventHub.Reader reader = node.events().subscribe(0)) {
      raw.ask(
          "{\"v\":1,\"id\":1,\"op\":\"bond.set-mode\",\"args\":{\"bond\":\"bond0\",\"mode\":\"flowlet\"}}");
      EventHub.Entry entry = reader.next(Duration.ofSeconds(5));
      while (entry != null && !(entry.event() instanceof NodeEvent.Operated)) {
        entry = reader.next(Duration.ofSeconds(5));
      }
      assertThat(entry).isNotNull();
      assertThat(entry.event().text())
          .startsWith("operator " + System.getProperty("user.name"))
          .contains("bond.set-mode")
          .contains("flowlet");
    }
  }

  @Test
  void theClientSaysWhatToDoWhenNobodyListens() {
    assertThatThrownBy(() -> ControlClient.connect(directory.resolve("none.sock")))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("no node listens at")
        .hasMessageContaining("--socket");
  }

  @Test
  void theClientSaysThatTheNodeWentAway() throws IOException {
    try (ControlClient client = ControlClient.connect(path)) {
      assertThat(client.ask("hello", new JsonObject())).isNotNull();
      server.close();
      assertThatThrownBy(() -> client.ask("hello", new JsonObject()))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("is gone");
    }
  }
}
