package braid.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `braid config`: what can be said of a configuration without a node.
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Checks configuration files.",
    subcommands = HelpCommand.class,
    footer = {"", "Example:", "  braid config check /etc/braid/braid.yaml"})
final class ConfigCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  /// Made by picocli.
  ConfigCommand() {}

  @Override
  public void run() {
    if (spec != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }
  }

  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description = {
        "Reads a configuration whole, as 'braid node --config' and 'braid reload' do, and changes",
        "nothing. Exit code 2 and one line with the place and the remedy when it is wrong."
      },
      footer = {"", "Example:", "  braid config check /etc/braid/braid.yaml"})
  void check(@Parameters(paramLabel = "FILE") Path file) {
    NodeConfig config = NodeYaml.read(file);
    PrintWriter out =
        spec == null
            ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
            : spec.commandLine().getOut();
    out.println(
        file + ": good, " + config.guests().size() + " guests, " + config.nics().size() + " NICs");
    out.flush();
  }
}
