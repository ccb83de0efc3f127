package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A connection that outlives its descriptor here, and not this process.
@Timeout(60)
class KeptConnectionTest {
  private final List<Fd> fds = new ArrayList<>();

  @Test
  void itOutlivesItsDescriptorUntilThePeerCloses() throws InterruptedException {
    List<UnixSocket> pair = UnixSocket.pair();
    UnixSocket peer = pair.getFirst();
    assertThat(KeptConnection.keep(pair.getLast().fd().number(), "kept-test")).isTrue();
    pair.getLast().close();
    assertThat(Poll.readable(peer.fd(), 100)).as("no end in sight").isFalse();
    Thread keeper = keeper();
    assertThat(keeper).isNotNull();
    peer.close();
    keeper.join();
  }

  @Test
  void whatIsSaidEndsIt() {
    List<UnixSocket> pair = UnixSocket.pair();
    UnixSocket peer = pair.getFirst();
    assertThat(KeptConnection.keep(pair.getLast().fd().number(), "kept-talk")).isTrue();
    pair.getLast().close();
    try (Arena arena = Arena.ofConfined()) {
      peer.send(arena.allocate(1), List.of());
      assertThat(Poll.readable(peer.fd(), 10_000)).isTrue();
    }
    peer.close();
  }

  private static Thread keeper() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("kept-test"))
        .findFirst()
        .orElse(null);
  }

  /// The other process: connects, keeps, closes its own descriptor, waits to be killed.
  static final class Other {
    private Other() {}

    public static void main(String[] args) throws IOException {
      UnixSocket socket = UnixSocket.connect(Path.of(args[0]));
      boolean kept = KeptConnection.keep(socket.fd().number(), "kept");
      socket.close();
      System.out.println(kept);
      // Nothing comes: it waits to be killed, and ends with the test whatever happens there.
      int _ = System.in.read();
    }
  }

  @Test
  @Tag("real")
  void itEndsWithAProcessThatIsKilled(@TempDir Path folder) throws IOException {
    Path at = folder.resolve("s");
    try (UnixListener server = UnixListener.listen(at)) {
      Process other =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Other.class.getName(),
                  at.toString())
              .redirectErrorStream(true)
              .start();
      UnixSocket peer = server.accept();
      assertThat(other.inputReader().readLine()).isEqualTo("true");
      assertThat(Poll.readable(peer.fd(), 100)).isFalse();
      other.destroyForcibly();
      assertThat(Poll.readable(peer.fd(), 10_000)).isTrue();
      try (Arena arena = Arena.ofConfined()) {
        assertThat(peer.receive(arena.allocate(1), fds)).isEqualTo(UnixSocket.END);
      }
      peer.close();
      assertThat(Files.exists(at)).isTrue();
    }
  }
}
