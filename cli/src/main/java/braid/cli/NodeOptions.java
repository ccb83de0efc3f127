package braid.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `braid node` that say what the node is, each meaning what the same words mean in
/// the file.
final class NodeOptions {
  @Option(
      names = "--nic",
      paramLabel = "NAME=tap:IFNAME[,KEY=VALUE...]",
      description = {
        "A NIC of this node; may be given several times. Keys: bridge=NAME (joins this bridge,",
        "made when absent), uplink=IFNAME (joins the bridge too, and its carrier counts),",
        "speed=MBITS (instead of what the kernel says), mac=MAC, mtu=BYTES."
      })
  private List<String> nics = new ArrayList<>();

  @Option(
      names = "--bond",
      paramLabel = "NAME=NIC[+NIC...][,KEY=VALUE...]",
      description = {
        "A bond of NICs below guests; may be given several times. Each NIC is one of this node",
        "(a0), one of another (b/b0), all of another (b/*), or every one there is (*). Keys as in",
        "the file, for instance primary=a0, hold=500ms, arp-target=10.0.0.1."
      })
  private List<String> bonds = new ArrayList<>();

  @Option(
      names = "--guest",
      paramLabel = "NAME=SOCKET,nic=NIC|bond=BOND[,KEY=VALUE...]",
      description = {
        "A guest's device; may be given several times. Keys: nic=NIC or bond=BOND,",
        "mode=server|client (who listens is 'server', the default), mac=MAC, mtu=BYTES (68-65535,",
        "default 1500), vlan=1-4094, rate=MBITS, anti-spoof=on|off (default on),",
        "pcap=FILE (writes all its frames), drop=PERCENT (loses frames on purpose)."
      })
  private List<String> guests = new ArrayList<>();

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description = "This node's name among the others; default: the host's.")
  private @Nullable String node;

  @Option(
      names = "--fabric",
      paramLabel = "[ADDRESS:PORT,]ca=FILE,cert=FILE,key=FILE",
      description = {
        "Talks to other nodes, and lets them use our NICs at ADDRESS:PORT. Keys also:",
        "transport=auto|io_uring|epoll|nio, window=FRAMES."
      })
  private @Nullable String fabric;

  @Option(
      names = "--directory",
      paramLabel = "file:PATH | jgroups,bind=ADDRESS:PORT,members=...",
      description = "Where the map of all nodes' NICs is kept.")
  private @Nullable String directory;

  @Option(
      names = "--control",
      paramLabel = "SOCKET",
      description = "Where 'braid status' and the other commands reach this node.")
  private @Nullable String control;

  @Option(
      names = "--metrics",
      paramLabel = "ADDRESS:PORT",
      description = "Where Prometheus reads metrics and /healthz answers.")
  private @Nullable String metrics;

  /// Some option was given, so that a file cannot be used as well.
  boolean given() {
    return !nics.isEmpty()
        || !bonds.isEmpty()
        || !guests.isEmpty()
        || node != null
        || fabric != null
        || directory != null
        || control != null
        || metrics != null;
  }

  /// What they say, checked as a whole.
  ///
  /// @throws ConfigException with option and remedy
  NodeConfig read() {
    Places places = new Places("command line");
    return NodeChecks.checked(
        new NodeConfig(
            name(),
            each("--nic", nics, NicSpec::option, places),
            each("--bond", bonds, BondSpec::option, places),
            each("--guest", guests, GuestSpec::option, places),
            fabric == null ? null : FabricSpec.option(fabric),
            directory == null ? null : DirectorySpec.option(directory),
            control == null ? null : socket(control),
            metrics == null ? null : single("--metrics", metrics).hostPort("--metrics"),
            NodeConfig.SPIN_DEFAULT_MICROS),
        places);
  }

  private String name() {
    return node == null
        ? HostName.get(new Field("node", "command line", Map.of()))
        : single("--node", node).name(node);
  }

  private static Path socket(String path) {
    Field field = single("--control", path);
    return field.socket("--control", field.required("--control", "/run/braid/braid.sock"));
  }

  private static Field single(String option, String text) {
    String where = option + " " + text;
    return new Field("the command line", where, Map.of(option, new Value.Text(text, where)));
  }

  private static <T> List<T> each(
      String option, List<String> texts, Function<String, T> reader, Places places) {
    List<T> things = new ArrayList<>();
    for (String text : texts) {
      T thing = reader.apply(text);
      places.put(thing.toString(), option + " " + text);
      things.add(thing);
    }
    return things;
  }
}
