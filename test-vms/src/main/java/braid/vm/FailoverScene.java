package braid.vm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/// The hosts of the failover demo: two node processes in two namespaces, each with one NIC on a LAN
/// with a peer in it, and
/// how a virtual machine is attached to both.
///
/// ```
///   VM: ssi0 ── n0 ── a.sock ── node A: brd-a0 ─ br0 ─ eth0 ── to-a ┐
///        │                                                          ├ LAN br0, peer 10.77.0.1
///        └───── n1 ── b.sock ── node B: brd-b0 ─ br0 ─ eth0 ── to-b ┘
/// ```
final class FailoverScene {
  static final String PEER = "10.77.0.1";
  static final String GUEST = "10.77.0.2";
  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final Pattern NODE_READY = Pattern.compile("node is ready");

  private final Testbed testbed;
  private final Path appDisk;
  private final Lan lan;
  private final Namespace[] spaces = new Namespace[2];
  private final Child[] nodes = new Child[2];
  private final int[] starts = new int[2];

  private FailoverScene(Testbed testbed, Path appDisk) {
    this.testbed = testbed;
    this.appDisk = appDisk;
    this.lan = Lan.create(testbed, "lan");
    lan.address(PEER + "/24");
    for (int i = 0; i < 2; i++) {
      spaces[i] = testbed.namespace("node-" + letter(i));
      lan.attach("to-" + letter(i), spaces[i], "eth0");
      startNode(i);
    }
  }

  /// Starts the nodes.
  static FailoverScene start(Testbed testbed) {
    return new FailoverScene(testbed, AppDisk.braid());
  }

  /// A machine with a NIC on each node, not started.
  QemuVm.Builder machine(String name) {
    QemuVm.Builder machine = QemuVm.builder(name).braid(appDisk).processors(2);
    for (int i = 0; i < 2; i++) {
      machine.nic(new Nic.VhostUser(socket(i), "02:00:00:00:77:0" + (i + 1)));
    }
    return machine;
  }

  private static String letter(int node) {
    return node == 0 ? "a" : "b";
  }

  private Path socket(int node) {
    return testbed.directory().resolve(letter(node) + ".sock");
  }

  /// Starts a node process and waits until it serves.
  void startNode(int node) {
    String n = letter(node);
    String name = "node-" + n + (starts[node] == 0 ? "" : "-" + starts[node]);
    starts[node]++;
    nodes[node] =
        testbed.start(
            name,
            spaces[node],
            BraidProgram.command(
                "node",
                "--nic",
                n + "0=tap:brd-" + n + "0,bridge=br0,uplink=eth0",
                "--guest",
                "vm1=" + socket(node) + ",nic=" + n + "0"));
    nodes[node].console().await(NODE_READY, WAIT);
  }

  /// SIGKILL to a node process; returns without waiting for its end.
  void killNode(int node) {
    nodes[node].signal("KILL");
  }

  /// A node's NIC loses its carrier, or has it again.
  void carrier(int node, boolean on) {
    if (on) {
      lan.plug("to-" + letter(node));
    } else {
      lan.unplug("to-" + letter(node));
    }
  }

  /// The switch port of a node's NIC forwards nothing any more, carrier stays; or forwards again.
  void silence(int node, boolean silent) {
    if (silent) {
      lan.silence("to-" + letter(node));
    } else {
      lan.restore("to-" + letter(node));
    }
  }

  /// The LAN, where the peer is.
  Lan lan() {
    return lan;
  }

  /// Commands for another terminal.
  String howToHurt() {
    String lanName = lan.namespace().name();
    return """
        From another terminal:
          ip -n %s link set to-a down            # carrier off on node A's NIC (up: back)
          bridge -n %s link set dev to-a state 0 # silent black hole (state 3: back)
          kill -9 %d                             # node A's process
        """
        .formatted(lanName, lanName, nodes[0].pid());
  }
}
