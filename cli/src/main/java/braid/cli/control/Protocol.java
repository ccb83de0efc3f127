package braid.cli.control;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.time.Duration;

/// The lines of the control protocol, version 1: one JSON object a line, UTF-8, ended by `\n`.
///
/// ```
/// → {"v":1,"id":7,"op":"bond.set-active","args":{"bond":"bond0","member":"a1"}}
/// ← {"v":1,"id":7,"result":{}}
/// ← {"v":1,"id":7,"error":{"kind":"invalid","message":"..."}}
/// ← {"v":1,"id":8,"item":{...}}   as often as something happens, for an op that streams
/// ← {"v":1,"id":8,"end":{...}}    the stream's last line
/// ```
/// docs/control-protocol.md describes each op.
final class Protocol {
  /// Spoken here.
  static final int VERSION = 1;

  /// Longest line from a client, bytes.
  static final int REQUEST_MAX = 64 << 10;

  /// Longest line from a node, bytes: a map of thousands of NICs.
  static final int REPLY_MAX = 16 << 20;

  /// Most bytes of a capture in one item, before base64.
  static final int DATA_MAX = 48 << 10;

  /// How long an answer may take before the client is told that the node hangs.
  static final Duration ANSWER = Duration.ofSeconds(10);

  private Protocol() {}

  /// A request.
  static JsonObject request(long id, String op, JsonObject args) {
    return new JsonObject().add("v", VERSION).add("id", id).add("op", op).add("args", args);
  }

  static JsonObject result(JsonValue id, JsonValue result) {
    return line(id).add("result", result);
  }

  static JsonObject item(JsonValue id, JsonValue item) {
    return line(id).add("item", item);
  }

  static JsonObject end(JsonValue id, JsonValue end) {
    return line(id).add("end", end);
  }

  /// @param id of the request, [Json#NULL] when it could not be read
  static JsonObject error(JsonValue id, RefusedException refused) {
    return line(id)
        .add(
            "error",
            new JsonObject()
                .add("kind", Records.lower(refused.kind()))
                .add("message", String.valueOf(refused.getMessage())));
  }

  private static JsonObject line(JsonValue id) {
    return new JsonObject().add("v", VERSION).add("id", id);
  }

  /// What a reply's `error` says.
  static RefusedException refusal(JsonObject error) {
    RefusedException.Kind kind = RefusedException.Kind.FAILED;
    for (RefusedException.Kind each : RefusedException.Kind.values()) {
      if (Records.lower(each).equals(error.getString("kind", ""))) {
        kind = each;
      }
    }
    String message = error.getString("message", "the node gave no reason");
    // Parts of it may come from other nodes, and a terminal would obey them.
    return new RefusedException(kind, message.replaceAll("[\\p{Cc}\\p{Cf}]", "\ufffd"));
  }

  /// An event as JSON: number, time, type, what it has, its text.
  static JsonObject event(EventHub.Entry entry) {
    JsonObject json =
        new JsonObject()
            .add("sequence", entry.sequence())
            .add("time", entry.time().toString())
            .add("type", Records.kebab(entry.event().getClass().getSimpleName()));
    Records.object((Record) entry.event()).forEach(m -> json.add(m.getName(), m.getValue()));
    return json.add("warning", entry.event().warning()).add("text", entry.event().text());
  }

  /// Reads a line as an object.
  ///
  /// @throws RefusedException when it is none
  static JsonObject parse(String line) {
    try {
      JsonValue value = Json.parse(line);
      if (value.isObject()) {
        return value.asObject();
      }
    } catch (com.eclipsesource.json.ParseException e) {
      throw invalid("the line is not JSON (" + e.getMessage() + ")");
    } catch (StackOverflowError e) {
      throw invalid("the line is nested too deep");
    }
    throw invalid("the line is not a JSON object");
  }

  private static RefusedException invalid(String problem) {
    return new RefusedException(
        RefusedException.Kind.INVALID,
        problem,
        "Write {\"v\":1,\"id\":1,\"op\":\"status\"} and a line end");
  }
}
