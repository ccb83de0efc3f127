package braid.cli.operator;

import braid.cli.control.NodeView;
import braid.cli.control.Records;
import braid.cli.control.RefusedException;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `braid bond`: shows and steers the bonds of a node.
@Command(
    name = "bond",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows and steers bonds.",
    subcommands = HelpCommand.class,
    footer = {"", "Example:", "  braid bond show bond0"})
public final class BondCommand extends CommandGroup {
  /// Made by picocli.
  public BondCommand() {}

  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "Shows bonds with their options and members; * is the member in use.",
      footer = {"", "Example:", "  braid bond show bond0 -o json"})
  void show(
      @Mixin Operator operator,
      @Parameters(arity = "0..1", paramLabel = "BOND", description = "Default: all.")
          @Nullable String bond) {
    JsonObject args = new JsonObject();
    if (bond != null) {
      args.add("bond", bond);
    }
    JsonValue result = operator.ask("bonds", args);
    if (operator.json()) {
      operator.print(result.toString());
      return;
    }
    List<NodeView.Bond> bonds = new ArrayList<>();
    result.asArray().forEach(each -> bonds.add(Records.fromJson(NodeView.Bond.class, each)));
    operator.print(Screens.bonds(bonds));
  }

  @Command(
      name = "set-active",
      mixinStandardHelpOptions = true,
      description = "Sends through this member as long as it is healthy.",
      footer = {
        "",
        "Example:",
        "  braid bond set-active bond0 a1",
        "  braid bond set-active bond0 auto    the bond chooses by its own rules again"
      })
  void setActive(
      @Mixin Operator operator,
      @Parameters(paramLabel = "BOND") String bond,
      @Parameters(paramLabel = "MEMBER", description = "A member's name, or 'auto'.")
          String member) {
    boolean auto = member.equals("auto");
    JsonValue result =
        operator.ask(
            "bond.set-active",
            new JsonObject().add("bond", bond).add("member", auto ? "" : member));
    operator.done(
        result, auto ? bond + ": chooses its active member itself" : bond + ": active " + member);
  }

  @Command(
      name = "set-mode",
      mixinStandardHelpOptions = true,
      description = "Changes how the bond spreads frames; loses none.",
      footer = {"", "Example:", "  braid bond set-mode bond0 flowlet"})
  void setMode(
      @Mixin Operator operator,
      @Parameters(paramLabel = "BOND") String bond,
      @Parameters(
              paramLabel = "MODE",
              description =
                  "active-backup, balance-rr, balance-xor, broadcast, balance-tlb, 802.3ad, flowlet.")
          String mode) {
    JsonValue result =
        operator.ask("bond.set-mode", new JsonObject().add("bond", bond).add("mode", mode));
    operator.done(result, bond + ": mode " + mode);
  }

  @Command(
      name = "set",
      mixinStandardHelpOptions = true,
      description = "Changes options of a bond, keys as in the configuration; loses no frame.",
      footer = {
        "",
        "Example:",
        "  braid bond set bond0 primary=a1 hold=1000",
        "",
        "Holds until the node ends or its configuration is reloaded."
      })
  void set(
      @Mixin Operator operator,
      @Parameters(index = "0", paramLabel = "BOND") String bond,
      @Parameters(index = "1..*", arity = "1..*", paramLabel = "OPTION=VALUE")
          List<String> settings) {
    List<JsonObject> changes = settings.stream().map(setting -> change(bond, setting)).toList();
    for (JsonObject change : changes) {
      JsonValue result = operator.ask("bond.set-option", change);
      operator.done(
          result,
          bond + ": " + change.getString("option", "") + " " + change.getString("value", ""));
    }
  }

  private static JsonObject change(String bond, String setting) {
    int equals = setting.indexOf('=');
    if (equals <= 0) {
      throw new RefusedException(
          RefusedException.Kind.INVALID,
          "'" + setting + "' is not OPTION=VALUE",
          "For instance primary=a1");
    }
    return new JsonObject()
        .add("bond", bond)
        .add("option", setting.substring(0, equals))
        .add("value", setting.substring(equals + 1));
  }
}
