package braid.cli.operator;

import braid.cli.control.ControlClient;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// What all commands to a running node have in common: which node, and how to print.
final class Operator {
  /// How to print.
  enum Output {
    /// For people: aligned columns.
    TABLE,
    /// For programs: what the node said, unchanged.
    JSON
  }

  @Spec(Target.MIXEE)
  private @Nullable CommandSpec spec;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description = "Control socket of the node; default $BRAID_SOCKET or /run/braid/node.sock.")
  private @Nullable Path socket;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table (default) or json.")
  private Output output = Output.TABLE;

  Operator() {}

  boolean json() {
    return output == Output.JSON;
  }

  ControlClient connect() {
    return ControlClient.connect(socket == null ? ControlClient.defaultPath() : socket);
  }

  /// One question, one answer.
  JsonValue ask(String op, JsonObject args) {
    try (ControlClient client = connect()) {
      return client.ask(op, args);
    }
  }

  /// Says what was done: a sentence, or as JSON what the node said.
  void done(JsonValue result, String sentence) {
    print(json() ? result.toString() : sentence);
  }

  PrintWriter out() {
    return spec == null
        ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
        : spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec == null
        ? new PrintWriter(System.err, true, StandardCharsets.UTF_8)
        : spec.commandLine().getErr();
  }

  /// Prints lines; `text` may end with a line end or not.
  void print(String text) {
    PrintWriter out = out();
    out.print(text.endsWith("\n") || text.isEmpty() ? text : text + "\n");
    out.flush();
  }
}
