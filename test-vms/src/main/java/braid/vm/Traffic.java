package braid.vm;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Numbered UDP packets in both directions between a guest and a peer in a namespace, all the time,
/// while something breaks. Built on the traffic program, which runs on both ends.
///
/// One thread.
public final class Traffic {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Pattern LISTENING = Pattern.compile("^listening ");
  private static final Pattern NOW = Pattern.compile("^now .*sent=([0-9]+)");

  private final Guest guest;
  private final Agent.Call inGuest;
  private final Child atPeer;

  private Traffic(Guest guest, Agent.Call inGuest, Child atPeer) {
    this.guest = guest;
    this.inGuest = inGuest;
    this.atPeer = atPeer;
  }

  /// Where the packets go.
  ///
  /// @param guestAddress IPv4 address in the guest
  /// @param peerAddress IPv4 address in the namespace
  /// @param port UDP port on both ends
  /// @param rate packets per second each way
  /// @param gapMillis shortest time without a packet that is worth a line
  public record Flow(String guestAddress, String peerAddress, int port, int rate, int gapMillis) {}

  /// The numbers that both ends would send next.
  ///
  /// @param guest next number of the guest
  /// @param peer next number of the peer
  public record Mark(long guest, long peer) {}

  /// What both ends found.
  ///
  /// @param guest sent by the guest, received from the peer
  /// @param peer sent by the peer, received from the guest
  public record Reports(UdpReport guest, UdpReport peer) {}

  /// Starts both ends.
  ///
  /// @param testbed owner of the peer's process
  /// @param guest one end
  /// @param peer namespace of the other
  /// @param flow between these two
  /// @return running until [#finish]
  public static Traffic start(Testbed testbed, Guest guest, Namespace peer, Flow flow) {
    String program = GuestFiles.here().traffic().toString();
    String options = " rate=" + flow.rate() + " gap=" + flow.gapMillis();
    // A user-mode guest sees the host's files; the others have the program of their own.
    String there = guest instanceof UmlVm ? program : "/bin/traffic";
    Child atPeer =
        testbed.start(
            "traffic-peer-" + flow.port(),
            peer,
            testbed.ahead(
                List.of(
                    program,
                    "udp",
                    "" + flow.port(),
                    flow.guestAddress(),
                    "" + flow.port(),
                    "rate=" + flow.rate(),
                    "gap=" + flow.gapMillis())));
    Agent.Call inGuest =
        guest
            .agent()
            .start(
                "echo $$ > /run/traffic.pid; exec %s udp %d %s %d%s"
                    .formatted(there, flow.port(), flow.peerAddress(), flow.port(), options));
    atPeer.console().await(LISTENING, PATIENCE);
    inGuest.output().await(LISTENING, PATIENCE);
    return new Traffic(guest, inGuest, atPeer);
  }

  /// Asks both ends for the number they would send next: what comes later has higher ones.
  ///
  /// @return the numbers
  public Mark mark() {
    int peerLine = atPeer.console().mark();
    int guestLine = inGuest.output().mark();
    atPeer.signal("USR1");
    guest.check("kill -USR1 $(cat /run/traffic.pid)");
    return new Mark(number(inGuest.output(), guestLine), number(atPeer.console(), peerLine));
  }

  private static long number(Console console, int mark) {
    Matcher line = console.awaitAfter(mark, NOW, PATIENCE);
    return Long.parseLong(line.group(1));
  }

  /// Stops both ends and collects what they found.
  ///
  /// @return both reports
  public Reports finish() {
    guest.check("kill -TERM $(cat /run/traffic.pid)");
    atPeer.stop();
    return new Reports(
        UdpReport.parse(inGuest.await(PATIENCE).lines()),
        UdpReport.parse(atPeer.console().lines()));
  }
}
