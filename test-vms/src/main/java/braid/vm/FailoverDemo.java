package braid.vm;

import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The demo `failover`: breaks the path in use in three ways, again and again, with traffic on it,
/// and shows what the
/// guest noticed.
///
/// Each round: a second without any fault (its longest gap is the floor that this machine has
/// anyway), the fault on node A,
/// the bond moves to node B, the fault is removed, the bond moves back to node A. Packets are
/// counted between marks taken
/// before the fault, after the move, before the repair and after the move back.
final class FailoverDemo {
  private static final Duration WAIT = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofMillis(5);
  private static final Duration SETTLE = Duration.ofMillis(700);
  /// What a demo moves each way while things break.
  static final int TCP_MEGABYTES = 105;

  private static final Pattern CHANGE = Pattern.compile("ssi0: (\\S+) -> (\\S+) .*");
  private static final Pattern SILENCE = Pattern.compile("silence ([0-9.]+) ms");

  /// A way to break the path through node A, and to mend it.
  private record Kind(
      String name, String what, Consumer<FailoverRig> fault, Consumer<FailoverRig> repair) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(
              "carrier off",
              "cable out of node A's NIC",
              r -> r.scene().carrier(0, false),
              r -> r.scene().carrier(0, true)),
          new Kind(
              "kill -9",
              "kill -9 of node A's process",
              r -> r.scene().killNode(0),
              r -> r.scene().startNode(0)),
          new Kind(
              "silent blackhole",
              "the switch forwards nothing for node A's NIC any more",
              r -> r.scene().silence(0, true),
              r -> r.scene().silence(0, false)));

  /// What one fault's four marks were.
  private record Window(String name, double detectionMs, UdpProbe.Mark from, UdpProbe.Mark to) {}

  private final PrintStream out;
  private final long tcpBytes;
  private final Timeline timeline;
  private final List<Window> windows = new ArrayList<>();
  private int changes;
  private double silence;
  private String active = "none";

  /// A demo that has not run.
  ///
  /// @param tcpMegabytes least that each TCP stream carries, in millions of bytes
  FailoverDemo(PrintStream out, int tcpMegabytes) {
    this.out = out;
    this.timeline = new Timeline(out);
    this.tcpBytes = tcpMegabytes * 1_000_000L;
  }

  /// Runs it.
  ///
  /// @param logs         where the logs go
  /// @param rounds       faults of each kind that count
  /// @param guestOptions more options of `braid guest`
  /// @return the results, for JSON; `tcp.sha256_equal` says whether all went well
  JsonObject run(Path logs, int rounds, List<String> guestOptions) {
    try (Testbed testbed = Testbed.open(logs)) {
      say("start", "two nodes, a LAN with a peer, a virtual machine (QEMU without KVM: a minute)");
      FailoverRig rig = FailoverRig.start(testbed, guestOptions);
      say("guest", "ssi0 is up at " + FailoverScene.GUEST + ", load average " + Environment.load());
      FailoverTraffic traffic = new FailoverTraffic(rig, testbed);
      say(
          "traffic",
          "UDP 1000 packets/s each way, TCP 1 MB/s each way; one round of each fault warms up the guest's JVM");
      awaitActive(rig, "n0");
      Deadline.pause(Duration.ofSeconds(10));
      for (Kind kind : KINDS) {
        round(rig, traffic, kind, false);
      }
      for (int i = 0; i < rounds; i++) {
        for (Kind kind : KINDS) {
          round(rig, traffic, kind, true);
        }
      }
      traffic.awaitBytes(tcpBytes);
      List<FailoverTraffic.Stream> streams = traffic.endTcp();
      Traffic.Reports seen = traffic.endUdp();
      say("end", "SIGTERM to braid guest: exit status " + rig.stopStack());
      keep(logs.resolve("braid-guest.log"), rig.stack().lines());
      return report(rounds, streams, seen.peer(), seen.guest());
    }
  }

  private static void keep(Path file, List<String> lines) {
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new TestbedException("cannot write " + file, e);
    }
  }

  private void round(FailoverRig rig, FailoverTraffic traffic, Kind kind, boolean counts) {
    awaitSteady(rig, "n0");
    UdpProbe.Mark calm = traffic.mark();
    Deadline.pause(Duration.ofSeconds(1));
    UdpProbe.Mark before = traffic.mark();
    say("fault", kind.what);
    kind.fault.accept(rig);
    double detection = awaitActive(rig, "n1");
    Deadline.pause(SETTLE);
    UdpProbe.Mark after = traffic.mark();
    UdpProbe.Mark repair = traffic.mark();
    say("repair", kind.name + " ends");
    kind.repair.accept(rig);
    awaitActive(rig, "n0");
    Deadline.pause(SETTLE);
    UdpProbe.Mark end = traffic.mark();
    if (counts) {
      windows.add(new Window("no fault (floor)", 0, calm, before));
      windows.add(new Window(kind.name, detection, before, after));
      windows.add(new Window("fail-back from " + kind.name, 0, repair, end));
    }
  }

  /// Waits until the bond uses `member`.
  ///
  /// @return the silence before the change to it, ms; 0 when it was told
  private double awaitActive(FailoverRig rig, String member) {
    Deadline deadline = Deadline.in(WAIT);
    while (!showChanges(rig).equals(member)) {
      if (deadline.passed()) {
        throw new TestbedException(
            "the bond did not go to %s within %d s; braid guest said last:%n%s"
                .formatted(member, WAIT.toSeconds(), String.join("\n", rig.stack().tail(20))));
      }
      Deadline.pause(POLL);
    }
    return silence;
  }

  /// Waits until the bond has used `member` for a second without a change.
  private void awaitSteady(FailoverRig rig, String member) {
    int before;
    do {
      awaitActive(rig, member);
      before = changes;
      Deadline.pause(Duration.ofSeconds(1));
    } while (!showChanges(rig).equals(member) || changes != before);
  }

  /// Shows the changes that were not shown yet.
  ///
  /// @return the member in use
  private String showChanges(FailoverRig rig) {
    List<String> all =
        rig.stack().lines().stream().filter(line -> CHANGE.matcher(line).find()).toList();
    for (String line : all.subList(changes, all.size())) {
      Matcher change = CHANGE.matcher(line);
      if (change.find()) {
        say("guest", change.group());
        active = change.group(2);
      }
      Matcher told = SILENCE.matcher(line);
      silence = told.find() ? Double.parseDouble(told.group(1)) : 0;
    }
    changes = all.size();
    return active;
  }

  private JsonObject report(
      int rounds, List<FailoverTraffic.Stream> streams, UdpReport peer, UdpReport guest) {
    Faults faults = new Faults();
    for (String name :
        windows.stream().map(Window::name).distinct().sorted(FailoverDemo::order).toList()) {
      windows.stream()
          .filter(w -> w.name.equals(name))
          .forEach(w -> faults.add(fault(w, peer, guest)));
    }
    out.println();
    out.print(faults.table());
    out.println();
    for (FailoverTraffic.Stream stream : streams) {
      out.printf(
          "TCP %s: %,d bytes, SHA-256 %s%n",
          stream.name(), stream.bytes(), stream.equal() ? "equal" : "DIFFERENT");
    }
    out.printf("%s%nload average %s%n", Faults.LEGEND, Environment.load());
    goal(faults, "carrier off", 20);
    goal(faults, "kill -9", 20);
    goal(faults, "silent blackhole", 60);
    return new JsonObject()
        .add("scenario", "failover")
        .add("rounds", rounds)
        .add("faults", faults.json())
        .add(
            "tcp",
            new JsonObject()
                .add("bytes", streams.stream().mapToLong(FailoverTraffic.Stream::bytes).sum())
                .add("sha256_equal", streams.stream().allMatch(FailoverTraffic.Stream::equal)))
        .add("environment", Environment.describe());
  }

  private void goal(Faults faults, String name, double most) {
    double median = faults.medianOutage(name);
    out.printf(
        Locale.ROOT,
        "%-18s median outage %5.1f ms, goal %2.0f ms: %s%n",
        name,
        median,
        most,
        median <= most ? "met" : "MISSED");
  }

  private static int order(String a, String b) {
    return Integer.compare(rank(a), rank(b));
  }

  private static int rank(String name) {
    for (int i = 0; i < KINDS.size(); i++) {
      if (name.endsWith(KINDS.get(i).name)) {
        return 2 * i + (name.startsWith("fail-back") ? 2 : 1);
      }
    }
    return 0;
  }

  private static Faults.Fault fault(Window window, UdpReport peer, UdpReport guest) {
    return new Faults.Fault(
        window.name,
        window.detectionMs,
        Faults.Way.of(peer, window.from.out(), window.to.out()),
        Faults.Way.of(guest, window.from.in(), window.to.in()));
  }

  private void say(String who, String what) {
    timeline.say(who, what);
  }
}
