package braid.cli.operator;

import static braid.cli.control.RefusedException.Kind.INVALID;

import braid.cli.control.ControlClient;
import braid.cli.control.RefusedException;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `braid nic`: plugs NICs in and out of a running node.
@Command(
    name = "nic",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Plugs this node's NICs in and out while it runs.",
    subcommands = HelpCommand.class,
    footer = {"", "Example:", "  braid nic drain a1 && braid nic remove a1"})
public final class NicCommand extends CommandGroup {
  /// Made by picocli.
  public NicCommand() {}

  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      description = "Plugs a NIC in; keys as of 'braid node --nic'.",
      footer = {
        "",
        "Example:",
        "  braid nic add a1=tap:brd-a1,bridge=br1,uplink=eth1",
        "",
        "Holds until the node ends or its configuration is reloaded."
      })
  void add(
      @Mixin Operator operator,
      @Parameters(paramLabel = "NAME=KIND:IFNAME[,KEY=VALUE...]") String nic) {
    JsonObject args = nic(nic);
    JsonValue result = operator.ask("nic.add", args);
    operator.done(result, "nic " + args.getString("name", "") + ": added");
  }

  /// `a1=tap:brd-a1,bridge=br1` as the protocol has it: a name and settings.
  static JsonObject nic(String text) {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw wrong(text);
    }
    JsonObject settings = new JsonObject();
    // The first setting may be written KIND:IFNAME, as in --nic.
    String rest = text.substring(equals + 1).replaceFirst("^([a-z]+):", "$1=");
    for (String pair : rest.split(",", -1)) {
      int middle = pair.indexOf('=');
      if (middle <= 0 || settings.get(pair.substring(0, middle)) != null) {
        throw wrong(text);
      }
      settings.add(pair.substring(0, middle), pair.substring(middle + 1));
    }
    return new JsonObject().add("name", text.substring(0, equals)).add("settings", settings);
  }

  private static RefusedException wrong(String text) {
    return new RefusedException(
        INVALID,
        "'" + text + "' is not NAME=KIND:IFNAME[,KEY=VALUE...], each key once",
        "For instance a1=tap:brd-a1,bridge=br1");
  }

  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Takes a NIC out of its bonds and closes it. Drain it first to lose nothing.",
      footer = {"", "Example:", "  braid nic remove a1"})
  void remove(
      @Mixin Operator operator,
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--force", description = "Also when it is the last usable member of a bond.")
          boolean force) {
    JsonValue result =
        operator.ask("nic.remove", new JsonObject().add("name", name).add("force", force));
    operator.done(result, "nic " + name + ": removed");
  }

  @Command(
      name = "drain",
      mixinStandardHelpOptions = true,
      description = {
        "Moves traffic off a NIC, and returns when it holds no frame any more. It stays plugged",
        "in, unused, until it is removed or used again."
      },
      footer = {
        "",
        "Example:",
        "  braid nic drain a1",
        "  braid nic drain a1 --undo    use it again"
      })
  void drain(
      @Mixin Operator operator,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--timeout",
              paramLabel = "SECONDS",
              description = "How long to wait for the last frame, 0-3600; default 10.",
              defaultValue = "10")
          int seconds,
      @Option(names = "--undo", description = "Use a drained NIC again.") boolean undo) {
    if (undo) {
      JsonValue result = operator.ask("nic.resume", new JsonObject().add("name", name));
      operator.done(result, "nic " + name + ": in use again");
      return;
    }
    if (seconds < 0 || seconds > 3600) {
      throw new RefusedException(INVALID, "--timeout " + seconds, "Give 0 to 3600 seconds.");
    }
    Duration patience = Duration.ofSeconds(seconds);
    JsonObject args = new JsonObject().add("name", name).add("patience_ms", patience.toMillis());
    try (ControlClient client = operator.connect()) {
      JsonValue result = client.ask("nic.drain", args, patience);
      operator.done(result, "nic " + name + ": drained, it holds no frame");
    }
  }
}
