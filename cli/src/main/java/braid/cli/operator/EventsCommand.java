package braid.cli.operator;

import braid.cli.control.ControlClient;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `braid events`.
@Command(
    name = "events",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Prints what happened in the node: members, carriers, nodes, guests, operators.",
    footer = {
      "",
      "Example:",
      "  braid events -f -o json | jq 'select(.type == \"active-changed\")'",
      "",
      "The last 256 events are kept; the log has the same lines."
    })
public final class EventsCommand implements Runnable {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM-dd HH:mm:ss.SSS", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  @Mixin private final Operator operator = new Operator();

  @Option(
      names = {"-f", "--follow"},
      description = "Go on with what happens from now, until Ctrl-C.")
  private boolean follow;

  @Option(
      names = {"-n", "--last"},
      paramLabel = "N",
      description = "Begin with the last N events, 0-256; default all, with -f none.")
  private @Nullable Integer last;

  /// Made by picocli.
  public EventsCommand() {}

  @Override
  public void run() {
    JsonObject args = new JsonObject().add("follow", follow);
    if (last != null) {
      args.add("past", last);
    }
    try (ControlClient client = operator.connect()) {
      client.stream(
          "events",
          args,
          event -> {
            operator.print(operator.json() ? event.toString() : line(event));
            if (operator.out().checkError()) {
              throw new IOException("the reader of the output is gone");
            }
          });
    } catch (IOException e) {
      // As intended: `| head` has enough.
    }
  }

  private static String line(JsonObject event) {
    String mark = event.getBoolean("warning", false) ? "! " : "  ";
    return TIME.format(Instant.parse(event.getString("time", "")))
        + " "
        + mark
        + Table.clean(event.getString("text", ""));
  }
}
