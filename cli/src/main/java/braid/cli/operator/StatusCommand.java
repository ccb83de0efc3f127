package braid.cli.operator;

import braid.cli.control.NodeView;
import braid.cli.control.Records;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `braid status`.
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Shows what the node does and how it is.",
    footer = {
      "",
      "Example:",
      "  braid status",
      "",
      "DROPS are losses; copies that a switch sends to members not in use are none. Ports but the",
      "ends of switches are what 'braid capture' takes."
    })
public final class StatusCommand implements Runnable {
  @Mixin private final Operator operator = new Operator();

  /// Made by picocli.
  public StatusCommand() {}

  @Override
  public void run() {
    JsonValue result = operator.ask("status", new JsonObject());
    operator.print(
        operator.json()
            ? result.toString()
            : Screens.status(Records.fromJson(NodeView.Status.class, result), Instant.now()));
  }
}
