package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import com.eclipsesource.json.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Unmodified guests on a real `braid node` process: their own kernel's virtio_net driver, our
/// device, a TAP behind it.
@Tag("real")
class NodeGuestTest {
  private static final Duration WAIT = Duration.ofMinutes(2);
  private static final String MAC = "02:00:00:00:00:01";
  private static final String HOST = "10.9.0.1";
  private static final String GUEST = "10.9.0.2";

  private Testbed testbed;
  private Namespace host;

  @BeforeEach
  void open(TestInfo test) {
    testbed =
        Testbed.open(
            Path.of(
                "target",
                "logs",
                test.getTestMethod().orElseThrow().getName()
                    + test.getDisplayName().replaceAll("\\W", "")));
    host = testbed.namespace("host");
  }

  @AfterEach
  void close() {
    testbed.close();
  }

  @Test
  void aUserModeLinuxGuestPingsAThousandTimesAndMovesUncutTcp() {
    Child node = node("node", "vm1");
    UmlVm vm =
        UmlVm.start(testbed, new UmlVm.Options("uml", 192, List.of(socket("vm1")), GUEST + "/24"));
    vm.awaitReady(Guest.BOOT);
    assertThat(vm.check("lsmod")).contains("virtio_net");

    pingAThousandTimes(vm);
    System.out.println("user-mode Linux on braid node, iperf3: " + iperf(vm));
    vm.close();
    assertGsoWentUncut(node);
  }

  @ParameterizedTest
  @EnumSource
  void aStockQemuGuestPingsAThousandTimesAndMovesUncutTcp(QemuVm.Version version) {
    Child node = node("node", "vm1");
    QemuVm vm =
        QemuVm.builder("stock")
            .version(version)
            .nic(new Nic.VhostUser(socket("vm1"), MAC))
            .address(GUEST + "/24")
            .start(testbed);
    vm.awaitReady(Guest.BOOT);
    pingAThousandTimes(vm);
    String ours = iperf(vm);
    vm.close();
    assertGsoWentUncut(node);

    host.tap("tap0");
    host.address("tap0", HOST + "/24");
    QemuVm own =
        QemuVm.builder("own")
            .version(version)
            .namespace(host)
            .nic(new Nic.Tap("tap0", MAC))
            .address(GUEST + "/24")
            .start(testbed);
    own.awaitReady(Guest.BOOT);
    System.out.println(
        version
            + " on braid node, iperf3: "
            + ours
            + "; on QEMU's own TAP back-end: "
            + iperf(own));
  }

  @Test
  void aFrontEndThatIsKilledMakesRoomForTheNextOneAgainAndAgain() {
    Child node = node("node", "vm1");
    for (int i = 0; i < 3; i++) {
      QemuVm vm =
          QemuVm.builder("stock" + i)
              .nic(new Nic.VhostUser(socket("vm1"), MAC))
              .address(GUEST + "/24")
              .start(testbed);
      vm.awaitReady(Guest.BOOT);
      assertThat(vm.check("/bin/ping -c 3 -i 0.2 " + HOST)).contains("3 received");
      vm.process().kill();
    }
    assertThat(node.alive()).isTrue();
  }

  @Test
  void aNodeThatIsKilledLeavesAGuestThatGoesOnWithTheNextNode() {
    Child node = node("node", "vm1");
    QemuVm vm =
        QemuVm.builder("stock")
            .nic(new Nic.VhostUser(socket("vm1"), MAC))
            .address(GUEST + "/24")
            .start(testbed);
    vm.awaitReady(Guest.BOOT);
    assertThat(vm.check("/bin/ping -c 3 -i 0.2 " + HOST)).contains("3 received");
    node.kill();
    assertThat(
            vm.check(
                "until [ $(cat /sys/class/net/eth0/carrier) = 0 ]; do sleep 0.1; done; echo down"))
        .isEqualTo("down");

    node("node-again", "vm1");
    assertThat(
            vm.check(
                "until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 0.1; done; echo up"))
        .isEqualTo("up");
    assertThat(vm.check("/bin/ping -c 20 -i 0.1 " + HOST)).contains("20 received");
  }

  private Path socket(String guest) {
    return testbed.directory().resolve(guest + ".sock");
  }

  private Child node(String name, String guest) {
    Child node =
        testbed.start(
            name,
            host,
            BraidProgram.command(
                "node",
                "--nic",
                "a0=tap:brd-a0,bridge=br0",
                "--guest",
                guest + "=" + socket(guest) + ",nic=a0"));
    node.console().await(Pattern.compile("node is ready"), WAIT);
    if (!host.ip("address", "show", "dev", "br0").contains(HOST)) {
      host.address("br0", HOST + "/24");
    }
    return node;
  }

  private static void pingAThousandTimes(Guest vm) {
    String ping = vm instanceof UmlVm ? "ping" : "/bin/ping";
    assertThat(vm.agent().check(ping + " -c 1000 -i 0.005 -q " + HOST, WAIT))
        .contains("1000 packets transmitted, 1000 received");
  }

  /// Both directions, three seconds each.
  private String iperf(Guest vm) {
    Child server =
        testbed.start("iperf3-" + System.nanoTime(), host, List.of("iperf3", "-s", "--forceflush"));
    server.console().await(Pattern.compile("Server listening"), WAIT);
    double out = megabits(vm.agent().check("iperf3 -J -t 3 -c " + HOST, WAIT));
    double in = megabits(vm.agent().check("iperf3 -J -t 3 -R -c " + HOST, WAIT));
    server.close();
    assertThat(out).isPositive();
    assertThat(in).isPositive();
    return String.format(Locale.ROOT, "%.0f Mbit/s from the guest, %.0f to it", out, in);
  }

  private static double megabits(String report) {
    return Json.parse(report)
            .asObject()
            .get("end")
            .asObject()
            .get("sum_received")
            .asObject()
            .getDouble("bits_per_second", 0)
        / 1e6;
  }

  /// The node says at its end what went through its ports: frames far above the MTU were not cut,
  /// in either direction.
  private static void assertGsoWentUncut(Child node) {
    assertThat(node.stop()).isIn(0, 143);
    Matcher nic =
        node.console()
            .await(
                Pattern.compile(
                    "a0: rx_frames=(\\d+) rx_bytes=(\\d+) tx_frames=(\\d+) tx_bytes=(\\d+)"),
                WAIT);
    assertThat(Long.parseLong(nic.group(4)) / Long.parseLong(nic.group(3)))
        .as("bytes a frame to the TAP")
        .isGreaterThan(1514);
    assertThat(node.console().lines()).noneMatch(line -> line.contains("tx_drop_error"));
  }
}
