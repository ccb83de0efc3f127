package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.FAILED;
import static braid.cli.control.RefusedException.Kind.INVALID;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The client's end of a control socket: one request at a time.
///
/// Loads nothing but this package and the JSON library, so that a command starts quickly.
///
/// **Thread**: one, except [#stop], which may end a stream from another.
public final class ControlClient implements AutoCloseable {
  /// Where a node listens unless it is told otherwise.
  public static final Path DEFAULT = Path.of("/run/braid/node.sock");

  /// The node itself gives up on an answer after ten seconds.
  private static final Duration PATIENCE = Protocol.ANSWER.plusSeconds(5);

  /// Gets the items of a stream.
  public interface Items {
    /// One item.
    ///
    /// @throws IOException when it cannot be passed on; ends the stream
    void take(JsonObject item) throws IOException;
  }

  private final Path path;
  private final SocketChannel channel;
  private final Selector selector;
  private final LineReader lines;
  private long waitMillis;
  private long ids;
  private volatile long streaming;

  private ControlClient(Path path, SocketChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    channel.configureBlocking(false);
    selector = Selector.open();
    channel.register(selector, SelectionKey.OP_READ);
    lines = new LineReader(new Waiting(), Protocol.REPLY_MAX);
  }

  /// Connects to the node that listens at `path`.
  ///
  /// @throws RefusedException when none does, or it may not be asked by this user
  public static ControlClient connect(Path path) {
    try {
      return new ControlClient(path, SocketChannel.open(UnixDomainSocketAddress.of(path)));
    } catch (ConnectException e) {
      throw nobody(path);
    } catch (IOException e) {
      if (!Files.exists(path)) {
        throw nobody(path);
      }
      throw new RefusedException(
          FAILED,
          "the node at " + path + " cannot be asked (" + e.getMessage() + ")",
          "Become root, or a member of the group that owns the socket.");
    } catch (IllegalArgumentException e) {
      throw new RefusedException(INVALID, path + " is no socket path (" + e.getMessage() + ")");
    }
  }

  private static RefusedException nobody(Path path) {
    return new RefusedException(
        FAILED,
        "no node listens at " + path,
        "Start one with 'braid node', or give its control socket with --socket.");
  }

  /// Asks and waits for the answer.
  ///
  /// @throws RefusedException as the node said, or when it is gone or silent
  public JsonValue ask(String op, JsonObject args) {
    return ask(op, args, Duration.ZERO);
  }

  /// Asks for something that may take `longer` than usual.
  public JsonValue ask(String op, JsonObject args, Duration longer) {
    long id = ++ids;
    try {
      write(Protocol.request(id, op, args));
      waitMillis = PATIENCE.plus(longer).toMillis();
      JsonValue result = reply(id).get("result");
      return result == null ? new JsonObject() : result;
    } catch (IOException e) {
      throw gone(e);
    }
  }

  /// Asks for a stream and hands on its items until it ends, by itself or by [#stop].
  ///
  /// @return its last line
  /// @throws IOException when an item could not be passed on
  public JsonObject stream(String op, JsonObject args, Items items) throws IOException {
    long id = ++ids;
    try {
      write(Protocol.request(id, op, args));
      streaming = id;
      waitMillis = 0;
      while (true) {
        JsonObject line = reply(id);
        JsonValue item = line.get("item");
        if (item == null) {
          streaming = 0;
          return line.get("end").asObject();
        }
        try {
          items.take(item.asObject());
        } catch (IOException e) {
          throw new PassingFailed(e);
        }
      }
    } catch (PassingFailed e) {
      throw e.reason;
    } catch (IOException e) {
      throw gone(e);
    }
  }

  /// Tells an item's fate from the socket's.
  private static final class PassingFailed extends IOException {
    private static final long serialVersionUID = 1L;
    private final IOException reason;

    PassingFailed(IOException reason) {
      super(reason);
      this.reason = reason;
    }
  }

  /// Asks the node to end the stream that is running; [#stream] then returns.
  public void stop() {
    long id = streaming;
    if (id != 0) {
      try {
        write(Protocol.request(id + 1_000_000, "stop", new JsonObject().add("stream", id)));
      } catch (IOException e) {
        // The node is gone, and the reading thread says so.
      }
    }
  }

  private RefusedException gone(IOException e) {
    return new RefusedException(
        FAILED,
        "the node at " + path + " is gone (" + e.getMessage() + ")",
        "See its log, then try again.");
  }

  /// The next line about request `id`.
  private JsonObject reply(long id) throws IOException {
    while (true) {
      String line = lines.next();
      if (line == null) {
        throw new IOException("it hung up");
      }
      JsonObject reply = Protocol.parse(line);
      JsonValue of = reply.get("id");
      boolean nobodys = of == null || of.isNull();
      if (!nobodys && !of.toString().equals(String.valueOf(id))) {
        continue; // the answer to stop()
      }
      JsonValue error = reply.get("error");
      if (error != null) {
        throw Protocol.refusal(error.asObject());
      }
      return reply;
    }
  }

  private void write(JsonObject line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    synchronized (channel) {
      while (bytes.hasRemaining()) {
        if (channel.write(bytes) == 0) {
          Thread.onSpinWait();
        }
      }
    }
  }

  @Override
  public void close() {
    try (channel) {
      selector.close();
    } catch (IOException e) {
      // Nothing is lost with it.
    }
  }

  /// Reads of the socket, with a limit on waiting.
  private final class Waiting implements ReadableByteChannel {
    @Override
    public int read(ByteBuffer into) throws IOException {
      while (true) {
        int count = channel.read(into);
        if (count != 0) {
          return count;
        }
        if (selector.select(waitMillis) == 0 && waitMillis > 0) {
          throw new IOException("no answer for " + waitMillis / 1000 + " s");
        }
        selector.selectedKeys().clear();
      }
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /// The path of the socket from the environment variable BRAID_SOCKET, or [#DEFAULT].
  public static Path defaultPath() {
    @Nullable String named = System.getenv("BRAID_SOCKET");
    return named == null || named.isEmpty() ? DEFAULT : Path.of(named);
  }
}
