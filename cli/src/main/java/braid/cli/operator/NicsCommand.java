package braid.cli.operator;

import braid.cli.control.ControlClient;
import braid.cli.control.NodeView;
import braid.cli.control.Records;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `braid nics`.
@Command(
    name = "nics",
    mixinStandardHelpOptions = true,
    description = "Lists the NICs of all nodes, as this node's directory knows them.",
    footer = {
      "",
      "Example:",
      "  braid nics --watch",
      "",
      "A map that is STALE is the last one known: traffic runs on without the directory.",
      "With -o json --watch prints one map a line."
    })
public final class NicsCommand implements Runnable {
  private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";

  @Mixin private final Operator operator = new Operator();

  @Option(names = "--watch", description = "Go on: print each new map, until Ctrl-C.")
  private boolean watch;

  /// Made by picocli.
  public NicsCommand() {}

  @Override
  public void run() {
    if (!watch) {
      operator.print(text(operator.ask("nics", new JsonObject())));
      return;
    }
    boolean redraw = !operator.json() && Terminal.present();
    try (ControlClient client = operator.connect()) {
      client.stream(
          "nics.watch",
          new JsonObject(),
          map -> {
            operator.print((redraw ? HOME_AND_CLEAR : "") + text(map));
            if (operator.out().checkError()) {
              throw new IOException("the reader of the output is gone");
            }
          });
    } catch (IOException e) {
      // As intended: `| head` has enough.
    }
  }

  private String text(JsonValue map) {
    return operator.json()
        ? map.toString()
        : Screens.nics(Records.fromJson(NodeView.NicMap.class, map), Instant.now());
  }
}
