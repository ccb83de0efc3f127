package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.CONFLICT;
import static braid.cli.control.RefusedException.Kind.FAILED;
import static braid.cli.control.RefusedException.Kind.INVALID;

import braid.kernel.LinuxException;
import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client of the control socket, as long as it is connected.
///
/// **Theory of operation.** One virtual thread reads requests and answers them one after the other;
/// each stream (events, captures) has another one, and their lines mix. Nothing that a client sends
/// ends its connection but a line without end; everything else is refused with an `error` line.
/// What the node does for a client is bounded: the length of a line, the number of streams, the
/// time that an answer takes, the queue behind each stream. A client that does not read blocks only
/// its own threads, and [#check] hangs up on it.
final class ControlSession {
  /// What a client may do.
  ///
  /// @param idle   a client without stream that asks nothing for so long is sent away
  /// @param stall  a client that takes no byte for so long is hung up on
  /// @param answer a node that does not answer for so long is said to hang
  record Patience(Duration idle, Duration stall, Duration answer) {
    static final Patience DEFAULT =
        new Patience(Duration.ofMinutes(5), Duration.ofSeconds(30), Protocol.ANSWER);
  }

  private static final Logger LOG = LoggerFactory.getLogger("braid.control");
  private static final int STREAMS_MAX = 8;
  private static final int ID_MAX = 64;
  private static final int WORDS_MAX = 500;

  private final SocketChannel channel;
  private final String user;
  private final NodeControl node;
  private final Operations operations;
  private final Patience patience;
  private final Map<String, ClientStream> streams = new ConcurrentHashMap<>();
  private final Object writing = new Object();
  private volatile long writingSince;
  private volatile long askedAt = System.nanoTime();
  private volatile boolean answering;

  /// @param user whom the kernel says is at the other end, for the log
  ControlSession(
      SocketChannel channel,
      String user,
      NodeControl node,
      Operations operations,
      Patience patience) {
    this.channel = channel;
    this.user = user;
    this.node = node;
    this.operations = operations;
    this.patience = patience;
  }

  /// Serves the client until it goes; the session's own thread.
  void run() {
    try (channel) {
      LineReader lines = new LineReader(channel, Protocol.REQUEST_MAX);
      while (serveOne(lines)) {
        askedAt = System.nanoTime();
      }
    } catch (IOException e) {
      LOG.debug("client {} is gone: {}", user, e.toString());
    } finally {
      streams.values().forEach(stream -> stream.stopped = true);
    }
  }

  private boolean serveOne(LineReader lines) throws IOException {
    JsonValue id = Json.NULL;
    try {
      String line = lines.next();
      if (line == null) {
        return false;
      }
      answering = true;
      JsonObject request = Protocol.parse(line);
      id = id(request);
      serve(id, request);
    } catch (RefusedException refused) {
      send(Protocol.error(id, refused));
    } finally {
      answering = false;
    }
    return true;
  }

  private static JsonValue id(JsonObject request) {
    JsonValue id = request.get("id");
    if (id == null || !(id.isNumber() || id.isString()) || id.toString().length() > ID_MAX) {
      throw new RefusedException(
          INVALID, "the request has no proper 'id'", "Give a number, or a text of up to 60.");
    }
    return id;
  }

  private void serve(JsonValue id, JsonObject request) throws IOException {
    JsonValue version = request.get("v");
    if (version == null || !version.toString().equals(String.valueOf(Protocol.VERSION))) {
      throw new RefusedException(
          INVALID,
          "protocol version " + version + " is not spoken here",
          "Send \"v\":" + Protocol.VERSION);
    }
    JsonValue op = request.get("op");
    JsonValue args = request.get("args");
    if (op == null || !op.isString() || (args != null && !args.isObject())) {
      throw new RefusedException(
          INVALID, "the request has no proper 'op' and 'args'", "Give a text and an object.");
    }
    String name = op.asString();
    JsonObject object = args == null ? new JsonObject() : args.asObject();
    if (name.equals("stop")) {
      send(Protocol.result(id, stop(object)));
      return;
    }
    Operations.Operation operation = operations.find(name);
    Arguments arguments = new Arguments(name, object, operation.keys());
    Operations.Answer answer = operation.answer();
    Operations.Flow flow = operation.flow();
    if (flow != null) {
      stream(id, name, arguments, flow);
    } else if (answer != null) {
      JsonValue result =
          inTime(
              patience.answer.plus(Operations.longer(name, arguments)), () -> answer.to(arguments));
      if (operation.changes()) {
        node.events().publish(new NodeEvent.Operated(user, name + words(object)));
      }
      send(Protocol.result(id, result));
    }
  }

  /// Arguments as ` key=value`, a line's worth of them.
  private static String words(JsonObject args) {
    StringBuilder words = new StringBuilder();
    for (JsonObject.Member each : args) {
      JsonValue value = each.getValue();
      words.append(' ').append(each.getName()).append('=');
      words.append(value.isString() ? value.asString() : value.toString());
    }
    return words.length() <= WORDS_MAX ? words.toString() : words.substring(0, WORDS_MAX) + "...";
  }

  private interface Work {
    JsonValue run();
  }

  /// A node whose worker hangs shall be told of, not waited for.
  private static JsonValue inTime(Duration limit, Work work) {
    FutureTask<JsonValue> task = new FutureTask<>(work::run);
    Thread.ofVirtual().name("braid-control-op").start(task);
    try {
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      task.cancel(true);
      throw new RefusedException(
          FAILED,
          "the node did not answer within " + limit.toMillis() / 1e3 + " s",
          "Its worker may hang; see its log.");
    } catch (ExecutionException e) {
      throw refusal(e.getCause());
    } catch (InterruptedException | CancellationException e) {
      throw new RefusedException(FAILED, "the node is stopping", "Start it again.");
    }
  }

  private static RefusedException refusal(@Nullable Throwable cause) {
    if (cause instanceof RefusedException refused) {
      return refused;
    }
    if (cause instanceof LinuxException world) {
      return new RefusedException(FAILED, String.valueOf(world.getMessage()));
    }
    LOG.warn("an operation failed", cause);
    return new RefusedException(FAILED, "the node failed to do it (" + cause + ")", "See its log.");
  }

  private JsonObject stop(JsonObject args) {
    JsonValue wanted = args.get("stream");
    ClientStream stream = wanted == null ? null : streams.get(wanted.toString());
    if (stream == null) {
      throw new RefusedException(
          INVALID, "no stream has the id " + wanted, "Give \"stream\": the id of its request.");
    }
    stream.stopped = true;
    return new JsonObject();
  }

  private void stream(JsonValue id, String name, Arguments args, Operations.Flow flow) {
    if (streams.size() == STREAMS_MAX) {
      throw new RefusedException(
          CONFLICT, "this client has " + STREAMS_MAX + " streams", "Stop one, or connect again.");
    }
    ClientStream stream = new ClientStream(id);
    if (streams.putIfAbsent(id.toString(), stream) != null) {
      throw new RefusedException(INVALID, "a stream has the id " + id, "Give another id.");
    }
    Thread.ofVirtual().name("braid-control-" + name).start(() -> stream.run(args, flow));
  }

  private void send(JsonObject line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    synchronized (writing) {
      try {
        while (bytes.hasRemaining()) {
          writingSince = System.nanoTime() | 1; // never 0
          channel.write(bytes);
        }
      } finally {
        writingSince = 0;
      }
    }
  }

  /// Hangs up on a client that does not read, and sends one away that does nothing. Called every
  /// second or so by the server's thread; does not wait.
  ///
  /// @param now on the system's monotonic clock
  void check(long now) {
    long since = writingSince;
    if (since != 0 && now - since > patience.stall.toNanos()) {
      LOG.info("client {} takes no bytes: hung up", user);
      close();
    } else if (!answering && streams.isEmpty() && now - askedAt > patience.idle.toNanos()) {
      Thread.ofVirtual().start(this::sayGoodbye);
    }
  }

  private void sayGoodbye() {
    try {
      send(
          Protocol.error(
              Json.NULL,
              new RefusedException(
                  FAILED,
                  "nothing asked for " + patience.idle.toSeconds() + " s: hung up",
                  "Connect again.")));
    } catch (IOException e) {
      LOG.debug("client {} is gone: {}", user, e.toString());
    }
    close();
  }

  /// Hangs up.
  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("client {}: {}", user, e.toString());
    }
  }

  /// One stream of this client.
  private final class ClientStream implements Operations.Stream {
    private final JsonValue id;
    private volatile boolean stopped;

    ClientStream(JsonValue id) {
      this.id = id;
    }

    void run(Arguments args, Operations.Flow flow) {
      try {
        JsonObject last;
        try {
          last = Protocol.end(id, flow.to(args, this));
        } catch (RuntimeException e) {
          last = Protocol.error(id, refusal(e));
        }
        streams.remove(id.toString());
        askedAt = System.nanoTime();
        send(last);
      } catch (IOException e) {
        LOG.debug("client {} is gone: {}", user, e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        streams.remove(id.toString());
      }
    }

    @Override
    public void item(JsonValue item) throws IOException {
      send(Protocol.item(id, item));
    }

    @Override
    public boolean stopped() {
      return stopped;
    }
  }
}
