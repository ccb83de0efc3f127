package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/// The bond below unmodified guests, with real processes, interfaces and user-mode Linux: guests
/// that share a NIC or a bond, a bond over this node's NICs and over another node's, and changes of
/// all that in a running node.
@Tag("real")
class NodeBondTest {
  private static final Duration WAIT = Duration.ofMinutes(2);
  private static final String PEER = "10.9.0.1";

  private Testbed testbed;
  private Lan lan;
  private Namespace nodeA;

  @BeforeEach
  void open(TestInfo test) {
    testbed = Testbed.open(Path.of("target", "logs", test.getTestMethod().orElseThrow().getName()));
    lan = Lan.create(testbed, "lan");
    lan.address(PEER + "/24");
    nodeA = testbed.namespace("node-a");
    lan.attach("to-a0", nodeA, "eth0");
    lan.attach("to-a1", nodeA, "eth1");
  }

  @AfterEach
  void close() {
    testbed.close();
  }

  @Test
  void twoGuestsOnOneNicReachEachOtherWithinTheNodeAndTheLan() {
    Child node =
        ready(
            testbed.start(
                "node-a",
                nodeA,
                BraidProgram.command(
                    "node",
                    "--control",
                    file("a.control"),
                    "--nic",
                    "a0=tap:brd-a0,bridge=br0,uplink=eth0",
                    "--guest",
                    "vm1=" + file("vm1.sock") + ",nic=a0",
                    "--guest",
                    "vm2=" + file("vm2.sock") + ",nic=a0")));
    UmlVm one = guest("vm1", "10.9.0.2");
    UmlVm two = guest("vm2", "10.9.0.3");
    ping(one, PEER);
    ping(two, PEER);
    ping(one, "10.9.0.3");
    assertThat(node.alive()).isTrue();

    // Guest to guest stays inside: the LAN's switch forwards none of it.
    String before = counter("to-a0");
    assertThat(one.check("ping -c 50 -i 0.01 -q 10.9.0.3")).contains("50 received");
    assertThat(Long.parseLong(counter("to-a0")) - Long.parseLong(before)).isLessThan(50);
  }

  @Test
  void aBondOverTwoLocalNicsOutlivesTheirCarriersOneAfterTheOther() {
    Child node =
        ready(
            testbed.start(
                "node-a",
                nodeA,
                BraidProgram.command(
                    "node",
                    "--control",
                    file("a.control"),
                    "--nic",
                    "a0=tap:brd-a0,bridge=br0,uplink=eth0",
                    "--nic",
                    "a1=tap:brd-a1,bridge=br1,uplink=eth1,speed=2500",
                    "--bond",
                    "bond0=a0+a1,primary=a0,hold=100ms",
                    "--guest",
                    "vm1=" + file("vm1.sock") + ",bond=bond0")));
    UmlVm vm = guest("vm1", "10.9.0.2");
    ping(vm, PEER);

    int mark = node.console().mark();
    lan.unplug("to-a0");
    node.console().awaitAfter(mark, Pattern.compile("bond0: a0 -> a1 \\(carrier\\)"), WAIT);
    ping(vm, PEER);

    mark = node.console().mark();
    lan.unplug("to-a1");
    node.console().awaitAfter(mark, Pattern.compile("bond0: a1 -> none"), WAIT);
    assertThat(
            vm.check(
                "until [ $(cat /sys/class/net/eth0/carrier) = 0 ]; do sleep 0.1; done; echo down"))
        .isEqualTo("down");

    lan.plug("to-a1");
    assertThat(
            vm.check(
                "until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 0.1; done;"
                    + " cat /sys/class/net/eth0/speed"))
        .as("the guest's kernel shows the speed of what is left")
        .isEqualTo("2500");
    ping(vm, PEER);
    lan.plug("to-a0");
    node.console().awaitAfter(mark, Pattern.compile("bond0: a1 -> a0 \\(fail back\\)"), WAIT);
    ping(vm, PEER);
  }

  @Test
  void aNicThatVanishesIsOutlivedAndComesBackWithItsInterface() {
    Child node =
        ready(
            testbed.start(
                "node-a",
                nodeA,
                BraidProgram.command(
                    "node",
                    "--control",
                    file("a.control"),
                    "--nic",
                    "a0=tap:brd-a0,bridge=br0,uplink=eth0",
                    "--nic",
                    "a1=tap:brd-a1,bridge=br1,uplink=eth1",
                    "--bond",
                    "bond0=a0+a1,primary=a0,hold=0",
                    "--guest",
                    "vm1=" + file("vm1.sock") + ",bond=bond0")));
    UmlVm vm = guest("vm1", "10.9.0.2");
    ping(vm, PEER);

    int mark = node.console().mark();
    nodeA.ip("link", "delete", "eth0");
    node.console().awaitAfter(mark, Pattern.compile("bond0: a0 -> a1"), WAIT);
    ping(vm, PEER);
    mark = node.console().mark();
    lan.attach("to-a0", nodeA, "eth0");
    node.console().awaitAfter(mark, Pattern.compile("bond0: a1 -> a0"), WAIT);
    ping(vm, PEER);

    mark = node.console().mark();
    nodeA.ip("link", "delete", "brd-a0");
    node.console().awaitAfter(mark, Pattern.compile("a0: eth0 is in its place again"), WAIT);
    ping(vm, PEER);
  }

  @Test
  void anotherNodesNicCarriesTheGuestWhenOursCannotAndOurOwnDoesWhenThatNodeIsKilled() {
    Namespace nodeB = testbed.namespace("node-b");
    lan.attach("to-b0", nodeB, "eth0");
    Lan between = Lan.create(testbed, "between");
    between.attach("to-a", nodeA, "fab0");
    between.attach("to-b", nodeB, "fab0");
    nodeA.address("fab0", "10.8.0.1/24");
    nodeB.address("fab0", "10.8.0.2/24");
    certificates("a", "b");
    write(
        "a.yaml",
        """
        node: a
        nics:
          a0: {tap: brd-a0, bridge: br0, uplink: eth0}
        bonds:
          bond0: {members: [a0, b/b0], primary: a0, hold: 100ms}
        guests:
          vm1: {socket: %s, bond: bond0}
        """
                .formatted(file("vm1.sock"))
            + cluster("a", "10.8.0.1"));
    write(
        "b.yaml",
        """
        node: b
        nics:
          b0: {tap: brd-b0, bridge: br0, uplink: eth0}
        """
            + cluster("b", "10.8.0.2"));
    Child a = node("node-a", nodeA, "a.yaml");
    Child b = node("node-b", nodeB, "b.yaml");
    a.console().await(Pattern.compile("bond0: member b/b0 \\w+ -> up"), WAIT);
    UmlVm vm = guest("vm1", "10.9.0.2");
    ping(vm, PEER);

    int mark = a.console().mark();
    lan.unplug("to-a0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: a0 -> b/b0 \\(carrier\\)"), WAIT);
    ping(vm, PEER);

    mark = a.console().mark();
    lan.plug("to-a0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: b/b0 -> a0"), WAIT);
    ping(vm, PEER);

    lan.unplug("to-a0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: a0 -> b/b0"), WAIT);
    mark = a.console().mark();
    lan.unplug("to-b0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: b/b0 -> none"), WAIT);
    lan.plug("to-b0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: none -> b/b0"), WAIT);
    ping(vm, PEER);

    mark = a.console().mark();
    b.kill();
    a.console().awaitAfter(mark, Pattern.compile("bond0: b/b0 -> none"), WAIT);
    lan.plug("to-a0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: none -> a0"), WAIT);
    ping(vm, PEER);

    mark = a.console().mark();
    node("node-b-again", nodeB, "b.yaml");
    a.console().awaitAfter(mark, Pattern.compile("bond0: member b/b0 \\w+ -> up"), WAIT);
    lan.unplug("to-a0");
    a.console().awaitAfter(mark, Pattern.compile("bond0: a0 -> b/b0"), WAIT);
    ping(vm, PEER);
  }

  @Test
  void reloadAddsAndRemovesANicUnderARunningGuest() {
    String guests = "guests:\n  vm1: {socket: " + file("vm1.sock") + ", bond: bond0}\n";
    String one = "nics:\n  a0: {tap: brd-a0, bridge: br0, uplink: eth0}\n";
    String two = one + "  a1: {tap: brd-a1, bridge: br1, uplink: eth1}\n";
    String control = "node: a\ncontrol: " + file("a.control") + "\n";
    write("a.yaml", control + one + "bonds:\n  bond0: {members: a0}\n" + guests);
    Child node = node("node-a", nodeA, "a.yaml");
    UmlVm vm = guest("vm1", "10.9.0.2");
    ping(vm, PEER);

    write("a.yaml", control + two + "bonds:\n  bond0: {members: [a0, a1]}\n" + guests);
    int mark = node.console().mark();
    node.signal("HUP");
    node.console().awaitAfter(mark, Pattern.compile("applied: .*nic a1 added"), WAIT);
    node.console().awaitAfter(mark, Pattern.compile("bond0: member a1 \\w+ -> up"), WAIT);
    lan.unplug("to-a0");
    node.console().awaitAfter(mark, Pattern.compile("bond0: a0 -> a1"), WAIT);
    ping(vm, PEER);

    write(
        "a.yaml",
        control
            + "nics:\n  a1: {tap: brd-a1, bridge: br1, uplink: eth1}\n"
            + "bonds:\n  bond0: {members: a1}\n"
            + guests);
    mark = node.console().mark();
    node.signal("HUP");
    node.console().awaitAfter(mark, Pattern.compile("applied: .*nic a0 removed"), WAIT);
    ping(vm, PEER);
    assertThat(nodeA.ip("link")).doesNotContain("brd-a0").doesNotContain(" br0:");

    write("a.yaml", control.replace("node: a", "node: z") + two + guests);
    mark = node.console().mark();
    node.signal("HUP");
    node.console().awaitAfter(mark, Pattern.compile("refused, the one before stays"), WAIT);
    ping(vm, PEER);
    assertThat(node.stop()).isIn(0, 143);
    assertThat(nodeA.ip("link")).doesNotContain("brd-").doesNotContain(" br1:");
  }

  @Test
  void aNicThatIsDrainedAndRemovedLosesNothing() {
    Child node =
        ready(
            testbed.start(
                "node-a",
                nodeA,
                BraidProgram.command(
                    "node",
                    "--control",
                    file("a.control"),
                    "--nic",
                    "a0=tap:brd-a0,bridge=br0,uplink=eth0",
                    "--nic",
                    "a1=tap:brd-a1,bridge=br1,uplink=eth1",
                    "--bond",
                    "bond0=a0+a1,primary=a0",
                    "--guest",
                    "vm1=" + file("vm1.sock") + ",bond=bond0")));
    UmlVm vm = guest("vm1", "10.9.0.2");
    ping(vm, PEER);
    Agent.Call pings = vm.agent().start("ping -c 300 -i 0.01 -q " + PEER);
    braid("nic", "drain", "a0");
    braid("nic", "remove", "a0");
    assertThat(pings.await(WAIT).text()).contains("300 received");
    assertThat(node.console().lines()).anyMatch(line -> line.contains("nic a0: removed"));
    assertThat(nodeA.ip("link")).doesNotContain("brd-a0");
  }

  private Child ready(Child node) {
    node.console().await(Pattern.compile("node is ready"), WAIT);
    return node;
  }

  private Child node(String name, Namespace where, String config) {
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=HUP"));
    // A test run under nohup hands on that SIGHUP is ignored.
    command.addAll(BraidProgram.command("node", "--config", file(config)));
    return ready(testbed.start(name, where, command));
  }

  private UmlVm guest(String name, String address) {
    UmlVm vm =
        UmlVm.start(
            testbed,
            new UmlVm.Options(name, 192, List.of(Path.of(file(name + ".sock"))), address + "/24"));
    vm.awaitReady(Guest.BOOT);
    return vm;
  }

  private static void ping(UmlVm vm, String address) {
    // The first may be lost to a switch that still learns.
    vm.check("until ping -c 1 -W 1 -q " + address + " >/dev/null; do true; done");
    assertThat(vm.check("ping -c 20 -i 0.05 -q " + address)).contains("20 received");
  }

  private String counter(String port) {
    return lan.namespace().run("cat", "/sys/class/net/" + port + "/statistics/rx_packets").strip();
  }

  private String braid(String... arguments) {
    List<String> command = new java.util.ArrayList<>(List.of(arguments));
    command.addAll(List.of("--socket", file("a.control")));
    return Testbed.run(BraidProgram.command(command.toArray(String[]::new)));
  }

  private void certificates(String... nodes) {
    Testbed.run(BraidProgram.command("certs", "init", "--out", file("ca")));
    for (String node : nodes) {
      Testbed.run(
          BraidProgram.command(
              "certs", "issue", "--ca", file("ca"), "--node", node, "--out", file("certs")));
    }
  }

  private String cluster(String node, String address) {
    return """
        fabric: {listen: "%s:7440", ca: %s, cert: %s, key: %s}
        directory: {kind: file, path: %s}
        control: %s
        """
        .formatted(
            address,
            file("certs/ca.pem"),
            file("certs/" + node + ".pem"),
            file("certs/" + node + ".key"),
            file("directory"),
            file(node + ".control"));
  }

  private String file(String name) {
    return testbed.directory().resolve(name).toString();
  }

  private void write(String name, String text) {
    try {
      Files.writeString(Path.of(file(name)), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
