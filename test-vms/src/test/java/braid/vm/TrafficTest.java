package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The measuring instruments measure: a guest behind QEMU's own TAP, a LAN whose cable is pulled.
@Tag("real")
class TrafficTest {
  private Testbed testbed;
  private Lan lan;
  private Namespace peer;
  private QemuVm vm;

  @BeforeEach
  void bootAGuestOnALan() {
    testbed = Testbed.open(Path.of("target", "logs", "traffic"));
    lan = Lan.create(testbed, "lan");
    peer = testbed.namespace("peer");
    lan.attach("p-peer", peer, "eth0");
    peer.address("eth0", "10.7.0.1/24");
    lan.namespace().tap("tap0");
    lan.namespace().ip("link", "set", "tap0", "master", "br0");
    vm =
        QemuVm.builder("traffic-guest")
            .namespace(lan.namespace())
            .nic(new Nic.Tap("tap0", "02:00:00:00:00:07"))
            .address("10.7.0.2/24")
            .start(testbed);
    vm.awaitReady(Guest.BOOT);
    vm.check("/bin/ping -c 3 -i 0.2 10.7.0.1");
  }

  @AfterEach
  void close() {
    testbed.close();
  }

  @Test
  void lossesAreCountedPerDirectionAndPerFault() {
    Traffic traffic =
        Traffic.start(testbed, vm, peer, new Traffic.Flow("10.7.0.2", "10.7.0.1", 7000, 1000, 5));
    Deadline.pause(Duration.ofMillis(500));
    Traffic.Mark before = traffic.mark();
    lan.silence("p-peer");
    Deadline.pause(Duration.ofMillis(200));
    lan.restore("p-peer");
    Deadline.pause(Duration.ofMillis(500));
    Traffic.Mark after = traffic.mark();
    Deadline.pause(Duration.ofMillis(500));
    Traffic.Reports reports = traffic.finish();

    for (UdpReport report : List.of(reports.guest(), reports.peer())) {
      assertThat(report.received()).isPositive();
      assertThat(report.gaps()).isNotEmpty();
    }
    long toPeer = reports.peer().lostWithin(before.guest(), after.guest());
    long toGuest = reports.guest().lostWithin(before.peer(), after.peer());
    assertThat(toPeer).isPositive().isLessThan(after.guest() - before.guest());
    assertThat(toGuest).isPositive().isLessThan(after.peer() - before.peer());
    assertThat(reports.peer().longestPauseWithin(before.guest(), after.guest())).isGreaterThan(100);
    assertThat(reports.peer().duplicated()).isZero();
  }

  @Test
  void aTransferAcrossAFaultArrivesWhole() {
    Child receiver =
        testbed.start(
            "tcp-receive",
            peer,
            List.of(GuestFiles.here().traffic().toString(), "tcp-receive", "7100"));
    receiver.console().await(Pattern.compile("^listening"), Guest.BOOT);
    Agent.Call sender = vm.agent().start("traffic tcp-send 10.7.0.1 7100 5000000 5000000 11");
    Deadline.pause(Duration.ofMillis(300));
    lan.unplug("p-peer");
    Deadline.pause(Duration.ofMillis(100));
    lan.plug("p-peer");

    TcpReport sent = TcpReport.parse(sender.await(Guest.BOOT).lines());
    receiver.awaitExit(Guest.BOOT);
    TcpReport received = TcpReport.parse(receiver.console().lines());
    assertThat(sent.bytes()).isEqualTo(5_000_000);
    assertThat(received.bytes()).isEqualTo(5_000_000);
    assertThat(received.sha256()).isEqualTo(sent.sha256());
  }
}
