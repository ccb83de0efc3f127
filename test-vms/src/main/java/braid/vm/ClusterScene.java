package braid.vm;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A small cluster: nodes in namespaces of their own, each with one uplink to a LAN with a peer in
/// it, and a network among themselves; an unmodified guest of user-mode Linux on node A whose one
/// NIC is the bond of all uplinks.
///
/// ```
///   guest eth0 ── node A ─┬─ a0: brd-a0 ─ br0 ─ eth0 ── to-a ┐
///                         ├═ fabric ═ node B ─ b0 ─ … ─ to-b ┼ LAN br0, peer 10.77.0.1
///                         └═ fabric ═ node C ─ c0 ─ … ─ to-c ┘
/// ```
/// Each uplink carries [Settings#rateMbit] each way (token bucket at both ends).
public final class ClusterScene {
  /// The peer on the LAN.
  public static final String PEER = "10.77.0.1";

  /// The guest on the LAN.
  public static final String GUEST = "10.77.0.2";

  /// The guest's MAC.
  public static final String MAC = "02:00:00:00:77:01";

  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final Pattern NODE_READY = Pattern.compile("node is ready");
  private static final int FABRIC_PORT = 7440;
  private static final int DIRECTORY_PORT = 7441;

  /// What the cluster shall be.
  ///
  /// @param prefix   of the names of its namespaces and processes
  /// @param nodes    how many, 2 to 8
  /// @param rateMbit line rate of each uplink, Mbit/s; 0 for no limit
  /// @param bond     keys of node A's bond after its members, as YAML: `mode: flowlet`
  /// @param jgroups  the directory is JGroups' instead of files
  public record Settings(String prefix, int nodes, int rateMbit, String bond, boolean jgroups) {}

  private final Testbed testbed;
  private final Settings settings;
  private final Lan lan;
  private final Lan fabric;
  private final Namespace[] spaces;
  private final Child[] nodes;
  private final int[] starts;
  private List<String> members;

  private ClusterScene(Testbed testbed, Settings settings) {
    this.testbed = testbed;
    this.settings = settings;
    spaces = new Namespace[settings.nodes];
    nodes = new Child[settings.nodes];
    starts = new int[settings.nodes];
    members = IntStream.range(0, settings.nodes).mapToObj(ClusterScene::uplink).toList();
    lan = Lan.create(testbed, settings.prefix + "lan");
    lan.address(PEER + "/24");
    fabric = Lan.create(testbed, settings.prefix + "fab");
    certificates();
    for (int i = 0; i < settings.nodes; i++) {
      spaces[i] = testbed.namespace(settings.prefix + "node-" + letter(i));
      lan.attach("to-" + letter(i), spaces[i], "eth0");
      fabric.attach("to-" + letter(i), spaces[i], "fab0");
      spaces[i].address("fab0", fabricAddress(i) + "/24");
      if (settings.rateMbit > 0) {
        shape(lan.namespace(), "to-" + letter(i));
        shape(spaces[i], "eth0");
      }
      configure(i);
    }
    for (int i = settings.nodes - 1; i >= 0; i--) {
      startNode(i);
    }
  }

  /// Starts the nodes, the one with the guest last; they may not have found each other yet.
  public static ClusterScene start(Testbed testbed, Settings settings) {
    return new ClusterScene(testbed, settings);
  }

  private static String letter(int node) {
    return String.valueOf((char) ('a' + node));
  }

  /// A NIC as node A's bond names it.
  public static String uplink(int node) {
    return node == 0 ? "a0" : letter(node) + "/" + letter(node) + "0";
  }

  private static String fabricAddress(int node) {
    return "10.88.0." + (node + 1);
  }

  private void shape(Namespace where, String device) {
    where.run(
        "tc",
        "qdisc",
        "add",
        "dev",
        device,
        "root",
        "tbf",
        "rate",
        settings.rateMbit + "mbit",
        "burst",
        "64kb",
        "latency",
        "25ms");
  }

  private Path file(String name) {
    return testbed.directory().resolve(settings.prefix + name);
  }

  private void certificates() {
    String ca = file("ca").toString();
    Testbed.run(BraidProgram.command("certs", "init", "--out", ca));
    for (int i = 0; i < settings.nodes; i++) {
      Testbed.run(
          BraidProgram.command(
              "certs",
              "issue",
              "--ca",
              ca,
              "--node",
              letter(i),
              "--out",
              file("cert-" + letter(i)).toString()));
    }
  }

  private void configure(int node) {
    String n = letter(node);
    StringBuilder yaml = new StringBuilder("node: " + n + "\nnics:\n  " + n + "0: ");
    yaml.append("{tap: brd-").append(n).append("0, bridge: br0, uplink: eth0");
    if (settings.rateMbit > 0) {
      yaml.append(", speed: ").append(settings.rateMbit);
    }
    yaml.append("}\n");
    if (node == 0) {
      yaml.append(
          """
          bonds:
            ssi: {members: [%s], %s}
          guests:
            vm1: {socket: %s, bond: ssi, mac: "%s"}
          """
              .formatted(String.join(", ", members), settings.bond, socket(), MAC));
    }
    Path certs = file("cert-" + n);
    yaml.append(
        """
        fabric:
          listen: "%s:%d"
          ca: %s
          cert: %s
          key: %s
        control: {socket: %s}
        """
            .formatted(
                fabricAddress(node),
                FABRIC_PORT,
                certs.resolve("ca.pem"),
                certs.resolve(n + ".pem"),
                certs.resolve(n + ".key"),
                control(node)));
    yaml.append(directory(node));
    try {
      Files.writeString(config(node), yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String directory(int node) {
    if (!settings.jgroups) {
      return "directory: {kind: file, path: %s}%n".formatted(file("directory"));
    }
    return "directory: {kind: jgroups, bind: \"%s:%d\", members: {%s}, raft: %s}%n"
        .formatted(
            fabricAddress(node),
            DIRECTORY_PORT,
            IntStream.range(0, settings.nodes)
                .mapToObj(i -> letter(i) + ": \"" + fabricAddress(i) + ":" + DIRECTORY_PORT + "\"")
                .collect(Collectors.joining(", ")),
            file("raft-" + letter(node)));
  }

  private Path config(int node) {
    return file(letter(node) + ".yaml");
  }

  private Path control(int node) {
    return file(letter(node) + ".control");
  }

  /// The guest's vhost-user socket on node A.
  public Path socket() {
    return file("vm1.sock");
  }

  /// Boots the guest and waits for it.
  public UmlVm guest() {
    UmlVm vm =
        UmlVm.start(
            testbed,
            new UmlVm.Options(settings.prefix + "vm1", 256, List.of(socket()), GUEST + "/24"));
    vm.awaitReady(Guest.BOOT);
    return vm;
  }

  /// Starts a node process and waits until it serves.
  public void startNode(int node) {
    String name = settings.prefix + "node-" + letter(node);
    name += starts[node] == 0 ? "" : "-" + starts[node];
    starts[node]++;
    nodes[node] =
        testbed.start(
            name, spaces[node], BraidProgram.command("node", "--config", config(node).toString()));
    nodes[node].console().await(NODE_READY, WAIT);
  }

  /// SIGKILL to a node process; returns without waiting for its end.
  public void killNode(int node) {
    nodes[node].signal("KILL");
  }

  /// A node's process.
  public Child node(int node) {
    return nodes[node];
  }

  /// An uplink loses its carrier, or has it again.
  public void carrier(int node, boolean on) {
    if (on) {
      lan.plug("to-" + letter(node));
    } else {
      lan.unplug("to-" + letter(node));
    }
  }

  /// The switch port of an uplink forwards nothing any more, carrier stays; or forwards again.
  public void silence(int node, boolean silent) {
    if (silent) {
      lan.silence("to-" + letter(node));
    } else {
      lan.restore("to-" + letter(node));
    }
  }

  /// The network between two nodes loses everything without a sign, or carries again.
  public void cut(int one, int other, boolean broken) {
    String verb = broken ? "add" : "delete";
    spaces[one].ip("route", verb, "blackhole", fabricAddress(other) + "/32");
    spaces[other].ip("route", verb, "blackhole", fabricAddress(one) + "/32");
  }

  /// Node A's bond has these uplinks from now on; the rest of it goes on.
  ///
  /// @param uplinks as [#uplink] names them
  public void members(List<String> uplinks) {
    members = List.copyOf(uplinks);
    configure(0);
    braid(0, "reload");
  }

  /// Runs an operator's command against a node.
  ///
  /// @return what it printed
  public String braid(int node, String... arguments) {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(List.of("--socket", control(node).toString()));
    return Testbed.run(BraidProgram.command(command.toArray(String[]::new)));
  }

  /// The same with `-o json`.
  public JsonValue ask(int node, String... arguments) {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(List.of("-o", "json"));
    return Json.parse(braid(node, command.toArray(String[]::new)));
  }

  /// The uplink that the LAN's switch uses towards the guest: the number of its node, -1 while it
  /// knows none.
  public int path() {
    String port = lan.portOf(MAC);
    return port.startsWith("to-") ? port.charAt(3) - 'a' : -1;
  }

  /// The LAN, where the peer is.
  public Lan lan() {
    return lan;
  }

  /// The namespace of a node.
  public Namespace space(int node) {
    return spaces[node];
  }
}
