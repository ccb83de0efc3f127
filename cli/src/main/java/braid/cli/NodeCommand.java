package braid.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `braid node`: serves vhost-user-net devices and joins each to a NIC of this host, until SIGTERM.
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Serves guests' network devices on this host.",
    footer = {
      "",
      "Example:",
      "  braid node --nic a0=tap:brd-a0,bridge=br0,uplink=eth0 \\",
      "             --guest vm1=/run/braid/vm1.sock,nic=a0",
      "",
      "The same as a file for --config:",
      "  nics:",
      "    a0: {tap: brd-a0, bridge: br0, uplink: eth0}",
      "  guests:",
      "    vm1: {socket: /run/braid/vm1.sock, nic: a0}",
      "",
      "It prints the QEMU arguments for each guest when it is ready. TAPs, and bridges that were",
      "not there before, go away with the process."
    })
final class NodeCommand implements Callable<Integer> {
  @Mixin private NodeOptions options = new NodeOptions();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file instead of the options above.")
  private @Nullable Path config;

  @Option(
      names = "--spin",
      paramLabel = "MICROSECONDS",
      description = "How long to look for more work before sleeping, 0-1000000; default 50.")
  private @Nullable Integer spin;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig settings = settings();
    Path file = config;
    Node.Source source =
        file == null
            ? new Node.Source("command line", null)
            : new Node.Source(file.toString(), this::settings);
    CountDownLatch end = new CountDownLatch(1);
    Shutdown.finishThisThreadFirst(end::countDown);
    PrintWriter out =
        spec == null
            ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
            : spec.commandLine().getOut();
    try (Node node = Node.start(settings, source, end::countDown)) {
      HangUp.each(node::reloadQuietly);
      out.print(node.instructions());
      out.flush();
      end.await();
      return node.failed() ? 1 : 0;
    }
  }

  private NodeConfig settings() {
    NodeConfig read;
    if (config == null) {
      read = options.read();
    } else if (options.given()) {
      throw new ConfigException(
          "--config " + config,
          "options that describe the node are given as well",
          "Use the file or the options, not both; --spin goes with either");
    } else {
      read = NodeYaml.read(config);
    }
    if (spin == null) {
      return read;
    }
    if (spin < 0 || spin > NodeConfig.SPIN_MAX_MICROS) {
      throw new ConfigException("--spin " + spin, "out of range", "Give 0 to 1000000 microseconds");
    }
    return read.spin(spin);
  }
}
