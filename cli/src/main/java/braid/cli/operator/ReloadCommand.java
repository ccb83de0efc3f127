package braid.cli.operator;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.StringJoiner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `braid reload`.
@Command(
    name = "reload",
    mixinStandardHelpOptions = true,
    description = {
      "Lets the node read its configuration file again. A file with an error changes nothing;",
      "otherwise only what differs is touched."
    },
    footer = {"", "Example:", "  braid config check /etc/braid/braid.yaml && braid reload"})
public final class ReloadCommand implements Runnable {
  @Mixin private final Operator operator = new Operator();

  /// Made by picocli.
  public ReloadCommand() {}

  @Override
  public void run() {
    JsonValue result = operator.ask("reload", new JsonObject());
    StringJoiner lines = new StringJoiner("\n");
    JsonValue changes = result.asObject().get("changes");
    if (changes == null || changes.asArray().isEmpty()) {
      lines.add("nothing differs");
    } else {
      changes.asArray().forEach(line -> lines.add(Table.clean(line.asString())));
    }
    operator.done(result, lines.toString());
  }
}
