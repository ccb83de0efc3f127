package braid.cli;

import braid.fabric.pki.Certificates;
import braid.fabric.pki.Identity;
import braid.fabric.pki.PemFiles;
import braid.fabric.pki.Validity;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `braid certs`: an authority and nodes' certificates, for clusters that have no PKI of their own.
@Command(
    name = "certs",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes the certificates by which nodes know each other.",
    subcommands = {CertsCommand.Init.class, CertsCommand.Issue.class},
    footer = {
      "",
      "Example, for the nodes a and b:",
      "  braid certs init --out pki",
      "  braid certs issue --ca pki --node a --out for-a",
      "  braid certs issue --ca pki --node b --out for-b",
      "Then copy for-a to node a and for-b to node b. pki/ca.key stays where it is."
    })
final class CertsCommand implements Runnable {
  private static final Path DEFAULT_FOLDER = Path.of("pki");
  private static final int DAYS_MAX = 36_500;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Missing command: init or issue");
    }
  }

  /// What both have.
  static final class Common {
    @Option(names = "--force", description = "Replaces files that are there.")
    private boolean force;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    private void say(String text) {
      if (spec != null) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(text);
        out.flush();
      }
    }
  }

  @Command(
      name = "init",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Makes a certificate authority: ca.pem and ca.key.",
      footer = {"", "Example:", "  braid certs init --out ca"})
  static final class Init implements Callable<Integer> {
    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "Folder for both files; default pki.")
    private Path out = DEFAULT_FOLDER;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "The authority's name; default braid.")
    private String name = "braid";

    @Option(
        names = "--days",
        paramLabel = "N",
        description =
            "Valid for so many days, 1-36500; default " + Certificates.AUTHORITY_DAYS + ".")
    private int days = Certificates.AUTHORITY_DAYS;

    @Mixin private Common common = new Common();

    @Override
    public Integer call() {
      Validity validity = validity(days);
      Identity authority = Certificates.authority(name, validity, new SecureRandom());
      PemFiles.write(out, PemFiles.AUTHORITY, authority, common.force);
      common.say(
          "Made "
              + PemFiles.certificate(out, PemFiles.AUTHORITY)
              + " and "
              + PemFiles.key(out, PemFiles.AUTHORITY)
              + ", valid until "
              + validity.until()
              + ".");
      common.say("Keep the key here: who has it can let any machine into the cluster.");
      common.say("Next, for each node: braid certs issue --ca " + out + " --node NAME");
      return 0;
    }
  }

  @Command(
      name = "issue",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Makes a node's certificate: NODE.pem and NODE.key.",
      footer = {"", "Example:", "  braid certs issue --ca ca --node alpha --out alpha"})
  static final class Issue implements Callable<Integer> {
    @Option(
        names = "--ca",
        paramLabel = "DIR",
        description = "Folder with ca.pem and ca.key; default pki.")
    private Path ca = DEFAULT_FOLDER;

    @Option(
        names = "--node",
        paramLabel = "NAME",
        required = true,
        description =
            "The node's name, as its configuration says: 1 to 63 letters, digits, - and .")
    private String node = "";

    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "Folder for the node's files and a copy of ca.pem; default the CA's folder.")
    private @Nullable Path out;

    @Option(
        names = "--days",
        paramLabel = "N",
        description = "Valid for so many days, 1-36500; default " + Certificates.NODE_DAYS + ".")
    private int days = Certificates.NODE_DAYS;

    @Mixin private Common common = new Common();

    @Override
    public Integer call() {
      Validity validity = validity(days);
      Path folder = out == null ? ca : out;
      if (node.equals(PemFiles.AUTHORITY)) {
        throw new ConfigException(
            "--node " + node,
            "this is the name of the authority's own files",
            "Choose another one");
      }
      issue(folder, validity);
      Path certificate = PemFiles.certificate(folder, node);
      common.say(
          "Made "
              + certificate
              + " and "
              + PemFiles.key(folder, node)
              + " for node '"
              + node
              + "', valid until "
              + validity.until()
              + ".");
      common.say(
          "Next, copy these two and "
              + PemFiles.certificate(folder, PemFiles.AUTHORITY)
              + " to the node, and name the three in its configuration.");
      return 0;
    }

    private void issue(Path folder, Validity validity) {
      Identity authority = PemFiles.read(ca, PemFiles.AUTHORITY);
      Identity issued = Certificates.issue(authority, node, validity, new SecureRandom());
      PemFiles.write(folder, node, issued, common.force);
      if (!folder.toAbsolutePath().normalize().equals(ca.toAbsolutePath().normalize())) {
        // The same file for all nodes, so another node's copy in this folder is no conflict.
        PemFiles.write(
            PemFiles.certificate(folder, PemFiles.AUTHORITY), authority.certificate(), true);
      }
    }
  }

  private static Validity validity(int days) {
    if (days < 1 || days > DAYS_MAX) {
      throw new ConfigException(
          "--days " + days, "out of range", "Give 1 to " + DAYS_MAX + " days");
    }
    return Validity.days(Instant.now(), days);
  }
}
