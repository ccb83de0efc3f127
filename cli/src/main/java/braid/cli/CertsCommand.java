package braid.cli;

import braid.fabric.pki.Certificates;
import braid.fabric.pki.Identity;
import braid.fabric.pki.PemFiles;
import braid.fabric.pki.Validity;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `braid certs`: an authority and certificates of nodes, for people who have none.
@Command(
    name = "certs",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes the certificates by which nodes know each other.",
    subcommands = HelpCommand.class,
    footer = {
      "",
      "Example:",
      "  braid certs init --out ca",
      "  braid certs issue --ca ca --node alpha --out alpha",
      "",
      "Give each node its own folder (ca.pem, NODE.pem, NODE.key) and keep ca.key to yourself:",
      "who has it can be any node."
    })
final class CertsCommand implements Runnable {
  private static final String DAYS_MAX = "1 to 36500";

  @Spec private @Nullable CommandSpec spec;

  /// Made by picocli.
  CertsCommand() {}

  @Override
  public void run() {
    if (spec != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }
  }

  @Command(
      name = "init",
      mixinStandardHelpOptions = true,
      description = "Makes an authority: ca.pem and ca.key.",
      footer = {"", "Example:", "  braid certs init --out ca"})
  void init(
      @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for it.")
          Path out,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              defaultValue = "braid",
              description = "Name of the cluster; default ${DEFAULT-VALUE}.")
          String name,
      @Option(
              names = "--days",
              paramLabel = "DAYS",
              defaultValue = "" + Certificates.AUTHORITY_DAYS,
              description = "How long it is good; default ${DEFAULT-VALUE}.")
          int days,
      @Option(names = "--replace", description = "Also when there is one already.")
          boolean replace) {
    Identity authority = Certificates.authority(name, validity(days), new SecureRandom());
    PemFiles.write(out, PemFiles.AUTHORITY, authority, replace);
    say(
        "authority '"
            + name
            + "' is in "
            + PemFiles.certificate(out, PemFiles.AUTHORITY)
            + ", its key in "
            + PemFiles.key(out, PemFiles.AUTHORITY));
  }

  @Command(
      name = "issue",
      mixinStandardHelpOptions = true,
      description = "Makes a node's certificate: ca.pem, NODE.pem and NODE.key.",
      footer = {"", "Example:", "  braid certs issue --ca ca --node alpha --out alpha"})
  void issue(
      @Option(
              names = "--ca",
              paramLabel = "DIR",
              required = true,
              description = "Folder of the authority.")
          Path ca,
      @Option(
              names = "--node",
              paramLabel = "NAME",
              required = true,
              description = "The node's name, as 'node' in its configuration.")
          String node,
      @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for it.")
          Path out,
      @Option(
              names = "--days",
              paramLabel = "DAYS",
              defaultValue = "" + Certificates.NODE_DAYS,
              description = "How long it is good; default ${DEFAULT-VALUE}.")
          int days,
      @Option(names = "--replace", description = "Also when there is one already.")
          boolean replace) {
    Identity authority = PemFiles.read(ca, PemFiles.AUTHORITY);
    Identity identity = Certificates.issue(authority, node, validity(days), new SecureRandom());
    PemFiles.write(out, node, identity, replace);
    PemFiles.write(PemFiles.certificate(out, PemFiles.AUTHORITY), authority.certificate(), true);
    say(
        "node '"
            + node
            + "' of '"
            + authority.name()
            + "' is in "
            + PemFiles.certificate(out, node)
            + ", its key in "
            + PemFiles.key(out, node));
  }

  private static Validity validity(int days) {
    if (days < 1 || days > 36_500) {
      throw new ConfigException("--days " + days, "out of range", "Give " + DAYS_MAX);
    }
    return Validity.days(Instant.now(), days);
  }

  private void say(String line) {
    PrintWriter out =
        spec == null
            ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
            : spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }
}
