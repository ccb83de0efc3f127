package braid.vm;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/// What runs between guest and peer while things break: 1,000 numbered UDP packets a second each
/// way, and a TCP stream each
/// way. All marks are taken at the peer, so that asking does not disturb the emulated guest.
final class FailoverTraffic {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final int UDP_PORT = 5000;
  private static final int TO_GUEST_PORT = 6000;
  private static final int TO_PEER_PORT = 6001;
  private static final long BYTES_PER_SECOND = 1_000_000;
  private static final String GUEST_SEED = "20091";
  private static final String PEER_SEED = "20092";

  /// What a TCP stream came to.
  ///
  /// @param bytes  sent
  /// @param equal  the same number of bytes with the same SHA-256 arrived
  record Stream(String name, long bytes, boolean equal) {}

  private final FailoverRig rig;
  private final UdpProbe udp;
  private final Child tcpSend;
  private final Child tcpReceive;

  FailoverTraffic(FailoverRig rig, Testbed testbed) {
    this.rig = rig;
    Namespace lan = rig.scene().lan().namespace();
    String traffic = GuestFiles.here().traffic().toString();
    udp =
        UdpProbe.start(
            testbed, "peer-udp", rig.vm(), lan, FailoverScene.GUEST, FailoverScene.PEER, UDP_PORT);
    tcpReceive =
        testbed.start("peer-tcp-receive", lan, List.of(traffic, "tcp-receive", port(TO_PEER_PORT)));
    tcpReceive.console().await(Pattern.compile("^listening"), MINUTE);
    inGuest("tcp-receive %d".formatted(TO_GUEST_PORT), "tcp-receive");
    rig.vm().check("until grep -q listening /tmp/tcp-receive.log; do sleep 0.1; done");
    inGuest(
        "tcp-send %s %d 1000000000000 %d %s"
            .formatted(FailoverScene.PEER, TO_PEER_PORT, BYTES_PER_SECOND, GUEST_SEED),
        "tcp-send");
    tcpSend =
        testbed.start(
            "peer-tcp-send",
            lan,
            List.of(
                traffic,
                "tcp-send",
                FailoverScene.GUEST,
                port(TO_GUEST_PORT),
                "1000000000000",
                Long.toString(BYTES_PER_SECOND),
                PEER_SEED));
  }

  private static String port(int number) {
    return Integer.toString(number);
  }

  private void inGuest(String arguments, String name) {
    rig.vm()
        .check(
            "traffic %s >/tmp/%s.log 2>&1 & echo $! >/tmp/%s.pid".formatted(arguments, name, name));
  }

  /// Where the UDP streams are now.
  UdpProbe.Mark mark() {
    return udp.mark();
  }

  /// Waits until both TCP streams have carried this many bytes.
  void awaitBytes(long bytes) {
    Duration patience = Duration.ofMinutes(10);
    long end = System.nanoTime() + patience.toNanos();
    while (Math.min(progress(tcpSend.console().lines()), progress(tcpReceive.console().lines()))
        < bytes) {
      if (System.nanoTime() > end) {
        throw new TestbedException(
            "TCP carried less than "
                + bytes
                + " bytes in "
                + patience.toMinutes()
                + " minutes; last: "
                + tcpSend.console().tail(1)
                + ", "
                + tcpReceive.console().tail(1));
      }
      Deadline.pause(Duration.ofMillis(200));
    }
  }

  private static long progress(List<String> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).startsWith("progress ")) {
        return ReportLine.parse(lines.get(i)).number("bytes");
      }
    }
    return 0;
  }

  /// Ends both TCP streams in order and compares what was sent with what arrived.
  List<Stream> endTcp() {
    rig.vm().check("kill -TERM $(cat /tmp/tcp-send.pid)");
    tcpSend.signal("TERM");
    tcpSend.awaitExit(MINUTE);
    tcpReceive.awaitExit(MINUTE);
    return List.of(
        stream("guest to LAN", inGuest("tcp-send"), TcpReport.parse(tcpReceive.console().lines())),
        stream("LAN to guest", TcpReport.parse(tcpSend.console().lines()), inGuest("tcp-receive")));
  }

  private TcpReport inGuest(String name) {
    String log = "/tmp/" + name + ".log";
    String said = rig.vm().check("until grep -q ^tcp " + log + "; do sleep 0.1; done; cat " + log);
    return TcpReport.parse(said.lines().toList());
  }

  private static Stream stream(String name, TcpReport sent, TcpReport received) {
    return new Stream(
        name,
        sent.bytes(),
        sent.bytes() == received.bytes() && sent.sha256().equals(received.sha256()));
  }

  /// Ends the UDP streams.
  ///
  /// @return both ends' reports: losses of a direction are in that of its receiver
  Traffic.Reports endUdp() {
    return udp.finish();
  }
}
