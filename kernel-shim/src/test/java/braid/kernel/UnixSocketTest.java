package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Unix sockets: bytes, descriptors, ends.
@Timeout(30)
class UnixSocketTest {
  private final Arena arena = Arena.ofAuto();

  private MemorySegment bytes(int... values) {
    MemorySegment segment = arena.allocate(values.length);
    for (int i = 0; i < values.length; i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, (byte) values[i]);
    }
    return segment;
  }

  @Test
  void descriptorsTravelWithTheFirstByteAndAreUsableAtTheOtherEnd() {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket a = pair.get(0);
        UnixSocket b = pair.get(1);
        EventFd event = EventFd.create()) {
      List<Fd> eight = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        eight.add(event.fd());
      }
      a.send(bytes(1, 2, 3, 4, 5), eight);
      List<Fd> got = new ArrayList<>();
      MemorySegment into = arena.allocate(5);
      assertThat(b.receiveFully(into.asSlice(0, 2), got)).isEqualTo(2);
      assertThat(got).hasSize(8).allMatch(Fd::isEventFd);
      assertThat(b.receiveFully(into.asSlice(2), got)).isEqualTo(3);
      assertThat(into.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4, 5);
      EventFd.of(got.getFirst()).signal();
      assertThat(event.drain()).isEqualTo(1);
      got.forEach(Fd::close);
    }
  }

  @Test
  void descriptorsBeyondTheLimitAreClosed() throws IOException {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket a = pair.get(0);
        UnixSocket b = pair.get(1);
        EventFd event = EventFd.create()) {
      List<Fd> many = new ArrayList<>();
      for (int i = 0; i < UnixSocket.FDS_MAX; i++) {
        many.add(event.fd());
      }
      a.send(bytes(1), many);
      a.send(bytes(2), many);
      List<Fd> got = new ArrayList<>();
      MemorySegment into = arena.allocate(1);
      b.receive(into, got);
      long before = openDescriptors();
      b.receive(into, got);
      assertThat(got).hasSize(UnixSocket.FDS_MAX);
      assertThat(openDescriptors()).isEqualTo(before);
      got.forEach(Fd::close);
    }
  }

  private static long openDescriptors() throws IOException {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return list.count();
    }
  }

  @Test
  void theEndOfThePeerIsAnEndAndSendingToItIsAnError() {
    List<UnixSocket> pair = UnixSocket.pair();
    pair.get(1).close();
    try (UnixSocket a = pair.getFirst()) {
      assertThat(a.receive(arena.allocate(1), new ArrayList<>())).isEqualTo(UnixSocket.END);
      assertThatThrownBy(() -> a.send(bytes(1), List.of())).hasMessageContaining("EPIPE");
    }
  }

  @Test
  void shutdownFromAnotherThreadEndsAReceive() throws Exception {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket a = pair.get(0);
        UnixSocket b = pair.get(1)) {
      CompletableFuture<Integer> result =
          CompletableFuture.supplyAsync(() -> a.receive(arena.allocate(1), new ArrayList<>()));
      a.shutdown();
      assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo(UnixSocket.END);
      assertThat(b.fd().isOpen()).isTrue();
    }
  }

  @Test
  void aReceiveEndsWithItsTime() {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket a = pair.get(0);
        UnixSocket b = pair.get(1)) {
      a.timeouts(Duration.ofMillis(10), Duration.ofMillis(10));
      assertThat(a.receive(arena.allocate(1), new ArrayList<>())).isEqualTo(UnixSocket.TIMEOUT);
      b.send(bytes(7), List.of());
      assertThatThrownBy(() -> a.receiveFully(arena.allocate(2), new ArrayList<>()))
          .hasMessageContaining("ETIMEDOUT");
      // Nobody reads what b is sent: sooner or later the send ends too.
      MemorySegment much = arena.allocate(4 << 20);
      assertThatThrownBy(() -> a.send(much, List.of())).hasMessageContaining("ETIMEDOUT");
    }
  }

  @Test
  void listenerAcceptsWithModeAndRemovesItsPath(@TempDir Path dir) throws Exception {
    Path path = dir.resolve("s.sock");
    UnixListener listener = UnixListener.listen(path);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-rw----");
    try (UnixSocket client = UnixSocket.connect(path);
        UnixSocket server = listener.accept()) {
      client.send(bytes(9), List.of());
      MemorySegment into = arena.allocate(1);
      assertThat(server.receiveFully(into, new ArrayList<>())).isEqualTo(1);
      assertThat(into.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
    }
    CompletableFuture<UnixSocket> accepting = CompletableFuture.supplyAsync(listener::accept);
    listener.close();
    assertThat(accepting.get(20, TimeUnit.SECONDS)).isNull();
    assertThat(path).doesNotExist();
  }

  @Test
  void whoWaitsForThePathCanConnectAtOnce(@TempDir Path dir) throws Exception {
    Path path = dir.resolve("s");
    for (int i = 0; i < 100; i++) {
      CompletableFuture<UnixListener> listening =
          CompletableFuture.supplyAsync(() -> UnixListener.listen(path));
      while (!Files.exists(path)) {
        Thread.onSpinWait();
      }
      UnixSocket.connect(path).close();
      listening.get().close();
    }
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void aStaleSocketIsReplacedAndALiveOneOrAFileIsNot(@TempDir Path dir) throws Exception {
    Path path = dir.resolve("s.sock");
    UnixListener first = UnixListener.listen(path);
    assertThatThrownBy(() -> UnixListener.listen(path))
        .hasMessageContaining("another process answers there");
    // As after a kill: the listening descriptor is gone, the path is not.
    Path left = dir.resolve("left.sock");
    Files.move(path, left);
    first.close();
    assertThat(left).exists();
    UnixListener.listen(left).close();
    assertThat(left).doesNotExist();
    Path file = Files.writeString(dir.resolve("file"), "x");
    assertThatThrownBy(() -> UnixListener.listen(file)).hasMessageContaining("no socket");
    assertThat(file).exists();
  }

  @Test
  void aPathThatIsTooLongIsRefusedWithItsLimit() {
    Path path = Path.of("/tmp/" + "x".repeat(120));
    assertThatThrownBy(() -> UnixSocket.connect(path)).hasMessageContaining("1 to 107");
  }
}
