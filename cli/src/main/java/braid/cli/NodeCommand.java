package braid.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
  @Option(
      names = "--nic",
      paramLabel = "NAME=tap:IFNAME[,KEY=VALUE...]",
      description = {
        "A NIC of this node; may be given several times. Keys: bridge=NAME (joins this bridge,",
        "made when absent), uplink=IFNAME (joins the bridge too, and its carrier counts)."
      })
  private List<String> nics = new ArrayList<>();

  @Option(
      names = "--guest",
      paramLabel = "NAME=SOCKET,nic=NIC[,KEY=VALUE...]",
      description = {
        "A guest's device; may be given several times. Keys: nic=NIC, mode=server|client (who",
        "listens is 'server', the default), mac=MAC, mtu=BYTES (68-65535, default 1500),",
        "pcap=FILE (writes all its frames), drop=PERCENT (loses frames on purpose)."
      })
  private List<String> guests = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file instead of --nic and --guest.")
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
    CountDownLatch end = new CountDownLatch(1);
    Shutdown.finishThisThreadFirst(end::countDown);
    PrintWriter out =
        spec == null
            ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
            : spec.commandLine().getOut();
    try (Node node = Node.start(settings, end::countDown)) {
      out.print(node.instructions());
      out.flush();
      end.await();
      return node.failed() ? 1 : 0;
    }
  }

  private NodeConfig settings() {
    if (config != null) {
      if (!nics.isEmpty() || !guests.isEmpty()) {
        throw new ConfigException(
            "--config " + config,
            "--nic and --guest are given as well",
            "Use the file or the options, not both");
      }
      NodeConfig read = NodeYaml.read(config);
      return spin == null ? read : new NodeConfig(read.nics(), read.guests(), spin());
    }
    return new NodeConfig(
            nics.stream().map(NodeConfig::nic).toList(),
            guests.stream().map(NodeConfig::guest).toList(),
            spin())
        .checked("command line");
  }

  private int spin() {
    if (spin == null) {
      return NodeConfig.SPIN_DEFAULT_MICROS;
    }
    if (spin < 0 || spin > 1_000_000) {
      throw new ConfigException("--spin " + spin, "out of range", "Give 0 to 1000000 microseconds");
    }
    return spin;
  }
}
