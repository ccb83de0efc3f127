package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.CONFLICT;
import static braid.cli.control.RefusedException.Kind.INVALID;

import braid.port.Frame;
import braid.port.TapPoint;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What can be asked over the control socket, by name.
///
/// **Threads**: any, several at once.
final class Operations {
  private static final long DRAIN_MILLIS_MAX = 3_600_000;
  private static final long DRAIN_MILLIS = 10_000;
  private static final int PORTS_MAX = 16;
  private static final int CAPTURES_MAX = 8;
  private static final long LOOK_AGAIN_MILLIS = 100;

  /// Answers once.
  interface Answer {
    JsonValue to(Arguments args);
  }

  /// Answers until it has no more to say or [Stream#stopped]; returns the last line.
  interface Flow {
    JsonObject to(Arguments args, Stream stream) throws IOException, InterruptedException;
  }

  /// The client's end of a flow.
  interface Stream {
    void item(JsonValue item) throws IOException;

    boolean stopped();
  }

  /// An operation.
  ///
  /// @param keys    arguments that it takes
  /// @param changes it changes the node: the log says who did it
  /// @param answer  answers once, or
  /// @param flow    streams
  record Operation(
      List<String> keys, boolean changes, @Nullable Answer answer, @Nullable Flow flow) {}

  private final NodeControl node;
  private final Map<String, Operation> all = new LinkedHashMap<>();
  private final Semaphore captures = new Semaphore(CAPTURES_MAX);

  Operations(NodeControl node) {
    this.node = node;
    ask("hello", List.of(), args -> hello());
    ask("status", List.of(), args -> Records.toJson(node.status()));
    ask("bonds", List.of("bond"), this::bonds);
    ask("nics", List.of(), args -> Records.toJson(node.nics()));
    flow("nics.watch", List.of(), this::watchNics);
    flow("events", List.of("past", "follow"), this::events);
    flow("capture", List.of("ports", "count", "snap_length"), this::capture);
    change(
        "bond.set-active",
        List.of("bond", "member"),
        args -> node.setActive(args.text("bond"), args.text("member")));
    change(
        "bond.set-mode",
        List.of("bond", "mode"),
        args -> node.setMode(args.text("bond"), args.text("mode")));
    change(
        "bond.set-option",
        List.of("bond", "option", "value"),
        args -> node.setOption(args.text("bond"), args.text("option"), args.text("value")));
    change(
        "nic.add",
        List.of("name", "settings"),
        args -> node.addNic(new NodeView.NicSpec(args.text("name"), args.settings("settings"))));
    change(
        "nic.remove",
        List.of("name", "force"),
        args -> node.removeNic(args.text("name"), args.truth("force")));
    change(
        "nic.drain",
        List.of("name", "patience_ms"),
        args -> node.drainNic(args.text("name"), Duration.ofMillis(patienceMillis(args))));
    change("nic.resume", List.of("name"), args -> node.undrainNic(args.text("name")));
    all.put("reload", new Operation(List.of(), true, args -> reload(), null));
  }

  private void ask(String name, List<String> keys, Answer answer) {
    all.put(name, new Operation(keys, false, answer, null));
  }

  private void flow(String name, List<String> keys, Flow flow) {
    all.put(name, new Operation(keys, false, null, flow));
  }

  private interface Change {
    void by(Arguments args);
  }

  private void change(String name, List<String> keys, Change change) {
    Answer answer =
        args -> {
          change.by(args);
          return new JsonObject();
        };
    all.put(name, new Operation(keys, true, answer, null));
  }

  /// The operation of this name.
  Operation find(String name) {
    Operation found = all.get(name);
    if (found == null) {
      throw new RefusedException(
          INVALID,
          "there is no operation '" + (name.length() > 64 ? name.substring(0, 64) : name) + "'",
          "Known: " + String.join(", ", all.keySet()));
    }
    return found;
  }

  /// How much longer than usual an answer may take, because the client asked to wait.
  static Duration longer(String name, Arguments args) {
    return name.equals("nic.drain") ? Duration.ofMillis(patienceMillis(args)) : Duration.ZERO;
  }

  private static long patienceMillis(Arguments args) {
    return args.number("patience_ms", 0, DRAIN_MILLIS_MAX, DRAIN_MILLIS);
  }

  private JsonValue hello() {
    NodeView.Status status = node.status();
    JsonArray names = new JsonArray();
    all.keySet().forEach(names::add);
    return new JsonObject()
        .add("protocol", Protocol.VERSION)
        .add("node", status.node())
        .add("version", status.version())
        .add("operations", names);
  }

  private JsonValue bonds(Arguments args) {
    String wanted = args.text("bond", "");
    List<NodeView.Bond> bonds = node.bonds();
    List<NodeView.Bond> chosen =
        bonds.stream().filter(bond -> wanted.isEmpty() || bond.name().equals(wanted)).toList();
    if (chosen.isEmpty() && !wanted.isEmpty()) {
      throw unknown("bond", wanted, bonds.stream().map(NodeView.Bond::name).toList());
    }
    return Records.toJson(chosen);
  }

  private JsonValue reload() {
    return new JsonObject().add("changes", Records.toJson(node.reload()));
  }

  private static RefusedException unknown(String what, String name, List<String> known) {
    return new RefusedException(
        INVALID,
        "there is no " + what + " '" + name + "'",
        known.isEmpty() ? "This node has none." : "Known: " + String.join(", ", known));
  }

  private JsonObject watchNics(Arguments args, Stream stream)
      throws IOException, InterruptedException {
    // Only the newest map matters to a reader that is behind.
    BlockingQueue<NodeView.NicMap> newest = new ArrayBlockingQueue<>(1);
    try (NodeControl.Watch _ =
        node.watchNics(
            map -> {
              while (!newest.offer(map)) {
                newest.poll();
              }
            })) {
      while (!stream.stopped()) {
        NodeView.NicMap map = newest.poll(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        if (map != null) {
          stream.item(Records.toJson(map));
        }
      }
    }
    return new JsonObject();
  }

  private JsonObject events(Arguments args, Stream stream)
      throws IOException, InterruptedException {
    boolean follow = args.truth("follow");
    int past = (int) args.number("past", 0, EventHub.HISTORY, follow ? 0 : EventHub.HISTORY);
    Duration wait = follow ? Duration.ofMillis(LOOK_AGAIN_MILLIS) : Duration.ZERO;
    try (EventHub.Reader reader = node.events().subscribe(past)) {
      while (!stream.stopped()) {
        EventHub.Entry entry = reader.next(wait);
        if (entry != null) {
          stream.item(Protocol.event(entry));
        } else if (!follow) {
          break;
        }
      }
    }
    return new JsonObject();
  }

  private JsonObject capture(Arguments args, Stream stream) throws IOException {
    Map<String, TapPoint> known = node.taps();
    List<TapPoint> taps =
        args.texts("ports", PORTS_MAX).stream()
            .distinct()
            .map(
                name -> {
                  TapPoint tap = known.get(name);
                  if (tap == null) {
                    throw unknown("port", name, known.keySet().stream().sorted().toList());
                  }
                  return tap;
                })
            .toList();
    long count = args.number("count", 0, Long.MAX_VALUE, 0);
    int snap = (int) args.number("snap_length", 1, Frame.BYTES_MAX, Frame.BYTES_MAX);
    if (!captures.tryAcquire()) {
      throw new RefusedException(
          CONFLICT, CAPTURES_MAX + " captures are running", "End one of them.");
    }
    try {
      Capture capture =
          new Capture(taps, snap, count == 0 ? Long.MAX_VALUE : count, Capture.RING_BYTES);
      capture.run(stream::stopped, bytes -> data(bytes, stream));
      return new JsonObject().add("captured", capture.taken()).add("lost", capture.lost());
    } finally {
      captures.release();
    }
  }

  private static void data(ByteBuffer bytes, Stream stream) throws IOException {
    while (bytes.hasRemaining()) {
      byte[] part = new byte[Math.min(bytes.remaining(), Protocol.DATA_MAX)];
      bytes.get(part);
      stream.item(new JsonObject().add("data", Base64.getEncoder().encodeToString(part)));
    }
  }
}
