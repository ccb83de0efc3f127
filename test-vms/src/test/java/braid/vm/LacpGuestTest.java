package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Our LACP and the kernel's: a user-mode Linux guest with a bond in mode 802.3ad over two NICs, at
/// whose other ends are the members of our own bond.
@Tag("real")
class LacpGuestTest {
  private static final Duration WAIT = Duration.ofMinutes(2);
  private static final String HOST = "10.9.0.1";
  private static final String GUEST = "10.9.0.2";
  private static final Pattern COUNT =
      Pattern.compile("count n0 rx=(\\d+) tx=(\\d+) n1 rx=(\\d+) tx=(\\d+)");

  /// Active, (fast,) aggregatable, in sync, collecting, distributing: what the kernel says of us.
  private static final String ALL_WELL = "6[13]";

  private Testbed testbed;
  private Namespace host;
  private Child partner;
  private UmlVm vm;

  @AfterEach
  void close() {
    testbed.close();
  }

  private void open(String rate) {
    testbed = Testbed.open(Path.of("target", "logs", "LacpGuestTest-" + rate));
    host = testbed.namespace("host");
    partner =
        testbed.start(
            "partner",
            host,
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                LacpPartner.class.getName(),
                testbed.directory().toString(),
                rate));
    partner.console().await(Pattern.compile("partner is ready"), WAIT);
    host.address(LacpPartner.TAP, HOST + "/24");
    vm =
        UmlVm.start(
            testbed,
            new UmlVm.Options(
                "guest",
                192,
                List.of(testbed.directory().resolve("n0"), testbed.directory().resolve("n1")),
                ""));
    vm.awaitReady(Guest.BOOT);
    vm.check(
        KernelBond.MODULES
            + """
            ip link add bond0 type bond mode 802.3ad miimon 50 lacp_rate RATE \\
              xmit_hash_policy layer3+4
            for nic in eth0 eth1; do
              ip link set $nic down
              ethtool -s $nic speed 1000 duplex full
              ip link set $nic master bond0
            done
            ip address add GUEST/24 dev bond0
            ip link set bond0 up
            """
                .replace("RATE", rate)
                .replace("GUEST", GUEST));
  }

  private void tell(String command) throws IOException {
    partner.input().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
    partner.input().flush();
  }

  /// Frames from and to the guest: n0 rx, n0 tx, n1 rx, n1 tx.
  private long[] counts() throws IOException {
    int mark = partner.console().mark();
    tell("count");
    Matcher line = partner.console().awaitAfter(mark, COUNT, WAIT);
    long[] counts = new long[4];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = Long.parseLong(line.group(i + 1));
    }
    return counts;
  }

  /// Waits until the kernel uses so many links and believes that we use each of them.
  private void awaitLinks(int links) {
    String script =
        """
        proc=/proc/net/bonding/bond0
        tries=0
        until grep -q 'Number of ports: %d$' $proc &&
          [ $(grep -c 'port state: %s$' $proc) -ge %d ]; do
          tries=$((tries + 1))
          [ $tries -lt 600 ] || { cat $proc; exit 1; }
          sleep 0.1
        done
        """;
    vm.agent().check(script.formatted(links, ALL_WELL, 2 * links), WAIT);
  }

  private void awaitCarrier(String nic) {
    String script =
        """
        until grep -A1 'Slave Interface: %s$' /proc/net/bonding/bond0 | grep -q 'Status: up'; do
          sleep 0.1
        done
        """;
    vm.agent().check(script.formatted(nic), WAIT);
  }

  /// Waits until our own machines are where `n0` and `n1` say.
  private void awaitOurs(String n0, String n1) throws IOException {
    Pattern wanted = Pattern.compile("links n0=" + n0 + " n1=" + n1);
    Deadline deadline = Deadline.in(WAIT);
    String line = "";
    while (!wanted.matcher(line).matches()) {
      assertThat(deadline.passed()).as("%s, waited for %s", line, wanted).isFalse();
      Deadline.pause(Duration.ofMillis(100));
      int mark = partner.console().mark();
      tell("links");
      Matcher links = partner.console().awaitAfter(mark, Pattern.compile("^links .*$"), WAIT);
      line = links.group();
    }
  }

  /// Eight flows each way.
  private void traffic() {
    String iperf = "iperf3 -t 1 -P 8 -c " + HOST;
    vm.agent().check(iperf + " && " + iperf + " -R", WAIT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fast", "slow"})
  void bothEndsAggregateAndMoveEverythingWhenACableIsPulled(String rate) throws IOException {
    open(rate);
    awaitLinks(2);
    Child server = testbed.start("iperf3", host, List.of("iperf3", "-s", "--forceflush"));
    server.console().await(Pattern.compile("Server listening"), WAIT);
    assertThat(vm.check("ping -c 20 -i 0.05 " + HOST)).contains("20 received");

    long[] before = counts();
    traffic();
    long[] after = counts();
    for (int i = 0; i < 4; i++) {
      assertThat(after[i] - before[i]).as("frames on %d", i).isGreaterThan(100);
    }

    tell("cable 0 out");
    awaitLinks(1);
    before = counts();
    traffic();
    assertThat(vm.check("ping -c 20 -i 0.05 " + HOST)).contains("20 received");
    after = counts();
    assertThat(after[0]).isEqualTo(before[0]);
    assertThat(after[1]).isEqualTo(before[1]);
    assertThat(after[2] - before[2]).isGreaterThan(100);
    assertThat(after[3] - before[3]).isGreaterThan(100);

    tell("cable 0 in");
    // A kernel that hears our LACP before its own look at the carrier (miimon) counts the link and
    // sends nothing on it.
    awaitCarrier("eth0");
    tell("carrier 0");
    awaitLinks(2);
    before = counts();
    traffic();
    after = counts();
    assertThat(after[0] - before[0]).isGreaterThan(100);
    assertThat(after[1] - before[1]).isGreaterThan(100);
  }

  @Test
  void aLinkOnWhichTheKernelFallsSilentIsOutThoughItsCarrierStays() throws IOException {
    open("fast");
    awaitLinks(2);
    vm.check("ip link set eth0 down");
    awaitOurs("(?!DISTRIBUTING|COLLECTING)\\w+", "DISTRIBUTING");
    assertThat(vm.check("ping -c 20 -i 0.05 " + HOST)).contains("20 received");
    vm.check("ip link set eth0 up");
    awaitOurs("DISTRIBUTING", "DISTRIBUTING");
    awaitLinks(2);
  }
}
