package braid.vm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Numbered UDP packets at a steady rate each way between a guest and a peer in a namespace, all
/// the time, while something breaks.
///
/// All marks are taken at the peer, and the guest's end writes into a file: asking does not disturb
/// an emulated guest. One thread.
public final class UdpProbe {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Pattern NOW = Pattern.compile("^now .*");

  /// Packets a second each way, if nothing else is said.
  private static final int RATE = 1000;

  /// Times without a packet are recorded when they are longer than this many intervals.
  private static final int INTERVALS = 3;

  /// A moment in both streams.
  ///
  /// @param out number of the next packet that can come from the guest
  /// @param in  number of the next packet to the guest
  /// @param atMillis when that was, ms since 1970
  public record Mark(long out, long in, double atMillis) {
    /// Number of the packet that a guest which kept its pace sends at a later moment. One that was
    /// late sends that number later still.
    ///
    /// @param millis ms since 1970
    public long outAt(double millis) {
      return out + (long) Math.max(0, (millis - atMillis) * RATE / 1000);
    }
  }

  /// Where the guest's end runs.
  private interface Place {
    void start(String arguments);

    void signal(String name);

    /// After the end was told to stop.
    List<String> lines();
  }

  private final Place guest;
  private final Child peer;

  private UdpProbe(Place guest, Child peer) {
    this.guest = guest;
    this.peer = peer;
  }

  /// Starts both ends.
  ///
  /// @param testbed owner of the peer's process
  /// @param name    of the peer's log
  /// @param guest   one end
  /// @param peer    namespace of the other
  /// @param from    IPv4 address in the guest
  /// @param to      IPv4 address in the namespace
  /// @param port    UDP port on both ends
  /// @return running until [#finish]
  public static UdpProbe start(
      Testbed testbed, String name, Guest guest, Namespace peer, String from, String to, int port) {
    return start(testbed, name, guest, peer, from, to, port, RATE);
  }

  /// The same at a rate of one's own.
  ///
  /// @param rate packets a second each way, 1 to 1000
  public static UdpProbe start(
      Testbed testbed,
      String name,
      Guest guest,
      Namespace peer,
      String from,
      String to,
      int port,
      int rate) {
    return start(testbed, name, new InGuest(guest, port), peer, from, to, port, rate);
  }

  /// The same where the guest's end is a namespace.
  public static UdpProbe start(
      Testbed testbed,
      String name,
      Namespace guest,
      Namespace peer,
      String from,
      String to,
      int port) {
    return start(
        testbed,
        name,
        new InNamespace(testbed, name + "-guest", guest),
        peer,
        from,
        to,
        port,
        RATE);
  }

  private static UdpProbe start(
      Testbed testbed,
      String name,
      Place guest,
      Namespace peer,
      String from,
      String to,
      int port,
      int rate) {
    String number = Integer.toString(port);
    String pace = "rate=" + rate;
    String gap = "gap=" + INTERVALS * 1000 / rate;
    Child atPeer =
        testbed.start(
            name,
            peer,
            testbed.ahead(
                List.of(
                    GuestFiles.here().traffic().toString(),
                    "udp",
                    number,
                    from,
                    number,
                    pace,
                    gap)));
    guest.start(String.join(" ", "udp", number, to, number, pace, gap));
    return new UdpProbe(guest, atPeer);
  }

  private record InGuest(Guest vm, String program, String files) implements Place {
    InGuest(Guest vm, int port) {
      // A user-mode guest sees the host's files; the others have the program of their own.
      this(
          vm,
          vm instanceof UmlVm ? GuestFiles.here().traffic().toString() : "traffic",
          "/tmp/udp-" + port);
    }

    @Override
    public void start(String arguments) {
      vm.check("%s %s >%s.log 2>&1 & echo $! >%s.pid".formatted(program, arguments, files, files));
    }

    @Override
    public void signal(String name) {
      vm.check("kill -" + name + " $(cat " + files + ".pid)");
    }

    @Override
    public List<String> lines() {
      vm.check("until grep -q ^report %s.log; do sleep 0.1; done".formatted(files));
      return vm.check("cat " + files + ".log").lines().toList();
    }
  }

  private static final class InNamespace implements Place {
    private final Testbed testbed;
    private final String name;
    private final Namespace space;
    private @Nullable Child child;

    InNamespace(Testbed testbed, String name, Namespace space) {
      this.testbed = testbed;
      this.name = name;
      this.space = space;
    }

    @Override
    public void start(String arguments) {
      Path program = GuestFiles.here().traffic();
      child =
          testbed.start(
              name, space, testbed.ahead(List.of((program + " " + arguments).split(" ", -1))));
    }

    @Override
    public void signal(String signal) {
      started().signal(signal);
    }

    @Override
    public List<String> lines() {
      started().awaitExit(MINUTE);
      return started().console().lines();
    }

    private Child started() {
      return Objects.requireNonNull(child, name);
    }
  }

  /// Where the streams are now.
  public Mark mark() {
    int before = peer.console().mark();
    peer.signal("USR1");
    Matcher line = peer.console().awaitAfter(before, NOW, MINUTE);
    ReportLine now = ReportLine.parse(line.group());
    return new Mark(now.number("highest") + 1, now.number("sent"), now.number("wall") / 1000.0);
  }

  /// Both ends stand still.
  public void pause() {
    guest.signal("STOP");
    peer.signal("STOP");
  }

  /// Both ends go on; what they missed to send in between they do not make up for.
  public void resume() {
    peer.signal("CONT");
    guest.signal("CONT");
  }

  /// Stops both ends and collects what they found.
  ///
  /// @return both reports: losses of a direction are in that of its receiver
  public Traffic.Reports finish() {
    guest.signal("TERM");
    List<String> inGuest = guest.lines();
    peer.signal("TERM");
    peer.awaitExit(MINUTE);
    return new Traffic.Reports(UdpReport.parse(inGuest), UdpReport.parse(peer.console().lines()));
  }
}
