package braid.vm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/// The hosts of the failover demo: two node processes in two namespaces, each with one NIC on a LAN
/// with a peer in it, and how a virtual machine is attached to both.
///
/// ```
///   VM: ssi0 ── n0 ── a.sock ── node A: brd-a0 ─ br0 ─ eth0 ── to-a ┐
///        │                                                          ├ LAN br0, peer 10.77.0.1
///        └───── n1 ── b.sock ── node B: brd-b0 ─ br0 ─ eth0 ── to-b ┘
/// ```
/// To compare, [OpenVswitch] can stand in the place of both nodes.
public final class FailoverScene {
  /// The peer on the LAN.
  public static final String PEER = "10.77.0.1";

  /// The guest on the LAN.
  public static final String GUEST = "10.77.0.2";

  /// Huge pages of 2 MiB for [#overOpenVswitch].
  public static final int OPEN_VSWITCH_PAGES = 2 * OpenVswitch.HUGE_PAGES;

  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final Pattern NODE_READY = Pattern.compile("node is ready");

  /// What runs on a node and serves its socket.
  interface Backend {
    /// Starts its process.
    ///
    /// @param name of its log
    /// @return serving; may be killed, and started again
    Child start(String name);

    /// True if it uses a processor even when nothing comes.
    default boolean polls() {
      return false;
    }
  }

  /// Makes a node's back-end.
  private interface Equipment {
    Backend of(int node, Namespace space, Path socket);
  }

  private final Testbed testbed;
  private final String prefix;
  private final Lan lan;
  private final Namespace[] spaces = new Namespace[2];
  private final Backend[] backends = new Backend[2];
  private final Child[] nodes = new Child[2];
  private final int[] starts = new int[2];

  private FailoverScene(Testbed testbed, String prefix, Equipment equipment) {
    this.testbed = testbed;
    this.prefix = prefix;
    this.lan = Lan.create(testbed, prefix + "lan");
    lan.address(PEER + "/24");
    for (int i = 0; i < 2; i++) {
      spaces[i] = testbed.namespace(prefix + "node-" + letter(i));
      lan.attach("to-" + letter(i), spaces[i], "eth0");
      backends[i] = equipment.of(i, spaces[i], socket(i));
      startNode(i);
    }
  }

  /// Starts the nodes.
  public static FailoverScene start(Testbed testbed) {
    return start(testbed, "", "");
  }

  /// What the names of its namespaces and processes begin with.
  String prefix() {
    return prefix;
  }

  /// The path that the LAN's switch uses towards an address: 0 for node A, 1 for node B, -1 while
  /// it knows none.
  ///
  /// @param mac six lower-case pairs
  public int path(String mac) {
    return switch (lan.portOf(mac)) {
      case "to-a" -> 0;
      case "to-b" -> 1;
      default -> -1;
    };
  }

  /// The MAC of the guest's NIC on node A, which bonds take over.
  public static String mac() {
    return "02:00:00:00:77:01";
  }

  /// Starts the nodes of one of several scenes on a testbed.
  ///
  /// @param prefix    of the names of its namespaces and processes
  /// @param guestKeys more keys of the nodes' guests, each with a comma before it
  public static FailoverScene start(Testbed testbed, String prefix, String guestKeys) {
    return new FailoverScene(
        testbed,
        prefix,
        (node, space, socket) ->
            name -> startBraid(testbed, name, space, letter(node), socket, guestKeys));
  }

  /// The same with Open vSwitch in place of our nodes. It needs [#OPEN_VSWITCH_PAGES], and
  /// front-ends that listen at [#socket].
  ///
  /// @param prefix of the names of its namespaces and processes
  public static FailoverScene overOpenVswitch(Testbed testbed, String prefix) {
    FailoverScene scene =
        new FailoverScene(
            testbed,
            prefix,
            (node, space, socket) ->
                new OpenVswitch(testbed, prefix + "ovs-" + letter(node), space, socket));
    scene.lan.checksums();
    return scene;
  }

  private static Child startBraid(
      Testbed testbed, String name, Namespace space, String n, Path socket, String guestKeys) {
    Child node =
        testbed.start(
            name,
            space,
            BraidProgram.command(
                "node",
                "--nic",
                n + "0=tap:brd-" + n + "0,bridge=br0,uplink=eth0",
                "--guest",
                "vm1=" + socket + ",nic=" + n + "0" + guestKeys));
    node.console().await(NODE_READY, WAIT);
    return node;
  }

  /// A machine with a NIC on each node and `braid` inside, not started.
  public QemuVm.Builder machine(String name) {
    return stockMachine(name).braid(AppDisk.braid()).processors(2);
  }

  /// A machine with a NIC on each node and nothing of ours inside, not started.
  public QemuVm.Builder stockMachine(String name) {
    QemuVm.Builder machine = QemuVm.builder(name);
    for (int i = 0; i < 2; i++) {
      machine.nic(new Nic.VhostUser(socket(i), "02:00:00:00:77:0" + (i + 1)));
    }
    return machine;
  }

  private static String letter(int node) {
    return node == 0 ? "a" : "b";
  }

  /// The vhost-user socket of a node's guest.
  public Path socket(int node) {
    return testbed.directory().resolve(prefix + letter(node) + ".sock");
  }

  /// Starts a node process and waits until it serves.
  public void startNode(int node) {
    String n = letter(node);
    String name = prefix + "node-" + n + (starts[node] == 0 ? "" : "-" + starts[node]);
    starts[node]++;
    nodes[node] = backends[node].start(name);
  }

  /// SIGKILL to a node process; returns without waiting for its end.
  public void killNode(int node) {
    nodes[node].signal("KILL");
  }

  /// Back-ends that poll stand still, so that whoever is measured next has the processors.
  public void pause() {
    signalPollers("STOP");
  }

  /// They go on.
  public void resume() {
    signalPollers("CONT");
  }

  private void signalPollers(String signal) {
    for (int i = 0; i < nodes.length; i++) {
      if (backends[i].polls()) {
        nodes[i].signal(signal);
      }
    }
  }

  /// A node's NIC loses its carrier, or has it again.
  public void carrier(int node, boolean on) {
    if (on) {
      lan.plug("to-" + letter(node));
    } else {
      lan.unplug("to-" + letter(node));
    }
  }

  /// The switch port of a node's NIC forwards nothing any more, carrier stays; or forwards again.
  public void silence(int node, boolean silent) {
    if (silent) {
      lan.silence("to-" + letter(node));
    } else {
      lan.restore("to-" + letter(node));
    }
  }

  /// The LAN, where the peer is.
  public Lan lan() {
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
