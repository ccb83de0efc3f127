package braid.cli;

import braid.cli.control.RefusedException;
import braid.cli.operator.BondCommand;
import braid.cli.operator.CaptureCommand;
import braid.cli.operator.CompletionCommand;
import braid.cli.operator.EventsCommand;
import braid.cli.operator.NicCommand;
import braid.cli.operator.NicsCommand;
import braid.cli.operator.ReloadCommand;
import braid.cli.operator.StatusCommand;
import braid.fabric.FabricException;
import braid.fabric.directory.DirectoryException;
import braid.fabric.pki.PkiException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Spec;

/// The `braid` command.
@Command(
    name = "braid",
    mixinStandardHelpOptions = true,
    version = "braid 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    description = "One network interface made of every NIC in the cluster.",
    footer = {
      "",
      "Exit codes: 0 done, 1 the system refused, 2 wrong input.",
      "Start with 'braid node --help'."
    })
public final class Braid implements Runnable {
  private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("node", NodeCommand.class);
    COMMANDS.put("guest", GuestCommand.class);
    COMMANDS.put("status", StatusCommand.class);
    COMMANDS.put("bond", BondCommand.class);
    COMMANDS.put("nics", NicsCommand.class);
    COMMANDS.put("nic", NicCommand.class);
    COMMANDS.put("capture", CaptureCommand.class);
    COMMANDS.put("events", EventsCommand.class);
    COMMANDS.put("reload", ReloadCommand.class);
    COMMANDS.put("config", ConfigCommand.class);
    COMMANDS.put("certs", CertsCommand.class);
    COMMANDS.put("completion", CompletionCommand.class);
    COMMANDS.put("rehearse", RehearseCommand.class);
    COMMANDS.put("help", CommandLine.HelpCommand.class);
  }

  /// Commands that show the others.
  private static final Set<String> WANT_ALL = Set.of("completion", "help");

  /// Commands that stay, and therefore log. The others say all they have to say themselves, and
  /// start a tenth of a second earlier without.
  private static final Set<String> LOG = Set.of("node", "guest", "certs", "rehearse");

  @Spec private CommandLine.Model.@org.jspecify.annotations.Nullable CommandSpec spec;

  /// Made by picocli.
  public Braid() {}

  /// Runs the command line and exits with its code.
  public static void main(String[] args) {
    String first = args.length == 0 ? "" : args[0];
    Handler log = LOG.contains(first) ? logToStderr() : null;
    int code = commandLine(first).execute(args);
    if (log != null) {
      log.flush();
    }
    if (code != 0) {
      System.exit(code);
    }
  }

  /// The command line with all commands.
  static CommandLine commandLine() {
    return commandLine("");
  }

  /// The command line for one command: describing all of them to picocli takes longer than most of
  /// them run.
  ///
  /// @param first the first word of the arguments
  static CommandLine commandLine(String first) {
    CommandLine braid = new CommandLine(new Braid());
    boolean alone = COMMANDS.containsKey(first) && !WANT_ALL.contains(first);
    COMMANDS.forEach(
        (name, command) -> {
          if (!alone || name.equals(first)) {
            braid.addSubcommand(name, command);
          }
        });
    return withErrors(braid);
  }

  private static CommandLine withErrors(CommandLine braid) {
    return braid
        .setUsageHelpWidth(100)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof ConfigException || failure instanceof PkiException) {
                command.getErr().println("braid: " + failure.getMessage());
                return 2;
              }
              if (failure instanceof RefusedException refused) {
                command.getErr().println("braid: " + refused.getMessage());
                return refused.kind() == RefusedException.Kind.INVALID ? 2 : 1;
              }
              if (failure instanceof braid.kernel.LinuxException refused) {
                command.getErr().println("braid: " + refused.getMessage());
                return 1;
              }
              if (failure instanceof FabricException || failure instanceof DirectoryException) {
                command.getErr().println("braid: " + failure.getMessage());
                return 1;
              }
              throw failure;
            });
  }

  /// Without a command: the help, and exit code 2 as for any incomplete input.
  @Override
  public void run() {
    if (spec != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }
  }

  /// Held, since loggers that nobody holds forget their level; in a class of its own, since the
  /// first logger decides which log manager there is.
  private static final class Quiet {
    private static final Logger FABRIC = Logger.getLogger("braid.fabric");
  }

  private static Handler logToStderr() {
    System.setProperty("java.util.logging.manager", LogUntilTheEnd.class.getName());
    System.setProperty("java.util.logging.SimpleFormatter.format", "%1$tT.%1$tL %4$s %5$s%6$s%n");
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    ConsoleHandler console = new ConsoleHandler();
    console.setFormatter(new SimpleFormatter());
    Handler log = new BackgroundHandler(console);
    root.addHandler(log);
    root.setLevel(Level.INFO);
    // What the fabric says of its peers is said by the node's events already.
    Quiet.FABRIC.setLevel(Level.OFF);
    return log;
  }
}
