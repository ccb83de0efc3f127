package braid.vm;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// The demo `cluster`: three nodes with one shaped uplink each, an unmodified guest on the first
/// whose one NIC is all three; how fast that NIC is, and what the guest notices when uplinks, nodes
/// and networks fail.
///
/// Throughput first, with nothing else going on. Then four UDP probes and a TCP connection run
/// through everything that follows. The probes are different flows, so together they use all
/// uplinks; the longest time in which nothing of one of them arrived that was sent, either way, is
/// the outage.
final class ClusterDemo {
  private static final int NODES = 3;
  private static final int RATE_MBIT = 100;
  private static final int PROBES = 4;
  private static final int PROBE_RATE = 250;
  private static final int FIRST_PORT = 5400;
  private static final int TCP_PORT = 6100;
  private static final long TCP_BYTES_PER_SECOND = 1_000_000;
  private static final String SEED = "20093";
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration SETTLE = Duration.ofMillis(1500);

  /// The part of the line rate that TCP's payload can be at an MTU of 1500: 1448 of 1514 bytes.
  private static final double CEILING = 1448.0 / 1514;

  /// How much of it.
  ///
  /// @param warmUp  seconds of traffic before anything is measured: the nodes' programs run cold
  /// @param seconds that each throughput figure is measured
  /// @param whole   throughput with fewer members, fewer flows and the other way, too; faults of
  ///                uplinks on each, instead of on the first
  record Extent(int warmUp, int seconds, boolean whole) {
    /// All of it.
    static Extent full(int seconds) {
      return new Extent(20, seconds, true);
    }

    /// Each kind of fault once, one throughput figure.
    static final Extent SHORT = new Extent(5, 3, false);
  }

  /// A goal of the throughput part.
  ///
  /// @param name   what was measured
  /// @param value  seen
  /// @param least  wanted, 0 for none
  private record Figure(String name, double value, double least) {
    boolean met() {
      return value >= least;
    }
  }

  /// Marks around one fault.
  private record Window(String name, List<UdpProbe.Mark> from, List<UdpProbe.Mark> to) {}

  private final PrintStream out;
  private final Timeline timeline;
  private final Extent extent;
  private final List<Figure> figures = new ArrayList<>();
  private final List<Window> windows = new ArrayList<>();
  private final List<UdpProbe> probes = new ArrayList<>();

  /// A demo that has not run.
  ///
  /// @param extent how much of it
  ClusterDemo(PrintStream out, Extent extent) {
    this.out = out;
    this.timeline = new Timeline(out);
    this.extent = extent;
  }

  /// Runs it.
  ///
  /// @param logs where the logs go
  /// @return the results, for JSON; `ok` says whether all went well
  JsonObject run(Path logs) {
    try (Testbed testbed = Testbed.open(logs)) {
      say("start", "three nodes, uplinks of " + RATE_MBIT + " Mbit/s each, a LAN with a peer");
      ClusterScene scene =
          ClusterScene.start(
              testbed, new ClusterScene.Settings("", NODES, RATE_MBIT, bondKeys(), true));
      UmlVm guest = scene.guest();
      say("guest", "user-mode Linux with its stock driver is up, load " + Environment.load());
      awaitMembers(scene, NODES);
      scene.braid(0, "nics").lines().forEach(line -> say("nics", line));
      throughput(testbed, scene, guest);
      Transfer transfer = new Transfer(testbed, scene, guest);
      for (int i = 0; i < PROBES; i++) {
        probes.add(
            UdpProbe.start(
                testbed,
                "udp-" + i,
                guest,
                scene.lan().namespace(),
                ClusterScene.GUEST,
                ClusterScene.PEER,
                FIRST_PORT + i,
                PROBE_RATE));
      }
      Deadline.pause(SETTLE);
      faults(scene);
      List<Traffic.Reports> reports = probes.stream().map(UdpProbe::finish).toList();
      return report(reports, transfer.end());
    }
  }

  /// Slower checks than the defaults: a probe of a saturated uplink waits behind up to 25 ms of
  /// data, and here five programs that are busy share two processors.
  private static String bondKeys() {
    return "mode: flowlet, ccm: 10ms, hold-max: 1s, arp-interval: 30ms, arp-target: "
        + ClusterScene.PEER;
  }

  private void awaitMembers(ClusterScene scene, int usable) {
    Deadline deadline = Deadline.in(MINUTE);
    while (usable(scene) != usable) {
      if (deadline.passed()) {
        throw new TestbedException(
            "the bond does not have %d usable members:%n%s"
                .formatted(usable, scene.braid(0, "bond", "show")));
      }
      Deadline.pause(Duration.ofMillis(100));
    }
  }

  private static int usable(ClusterScene scene) {
    int count = 0;
    for (var bond : scene.ask(0, "bond", "show").asArray()) {
      for (var member : bond.asObject().get("members").asArray()) {
        count += member.asObject().getString("state", "").equals("up") ? 1 : 0;
      }
    }
    return count;
  }

  // Throughput

  private void throughput(Testbed testbed, ClusterScene scene, UmlVm guest) {
    Iperf.serve(testbed, scene.lan().namespace());
    say(
        "warm up",
        "16 flows over " + NODES + " for " + extent.warmUp + " s: the nodes' programs run cold");
    Iperf.run(guest, ClusterScene.PEER, 16, extent.warmUp, false);
    int seconds = extent.seconds;
    List<String> uplinks = new ArrayList<>();
    for (int n = 1; n <= NODES; n++) {
      uplinks.add(ClusterScene.uplink(n - 1));
      if (n < NODES && !extent.whole) {
        continue;
      }
      scene.members(uplinks);
      awaitMembers(scene, n);
      Iperf.Result result = Iperf.run(guest, ClusterScene.PEER, 16, seconds, false);
      figure("16 flows over " + n + ", of the line rate", result.total() / RATE_MBIT, 0.94 * n);
      if (n == NODES) {
        figure("16 flows over " + n + ", Jain's fairness", result.fairness(), 0.95);
      }
    }
    if (!extent.whole) {
      return;
    }
    Iperf.Result four = Iperf.run(guest, ClusterScene.PEER, 4, seconds, false);
    figure("4 flows over 3, of the line rate", four.total() / RATE_MBIT, 0.85 * NODES);
    Iperf.Result one = Iperf.run(guest, ClusterScene.PEER, 1, seconds, false);
    figure("1 flow over 3, of the line rate", one.total() / RATE_MBIT, 0.94);
    Iperf.Result back = Iperf.run(guest, ClusterScene.PEER, 16, seconds, true);
    // Which uplink the LAN uses towards the guest is the LAN's choice; without a LAG it is one.
    figure("16 flows to the guest, of the line rate", back.total() / RATE_MBIT, 0);
  }

  private void figure(String name, double value, double least) {
    // In short the programs are still cold.
    Figure figure = new Figure(name, value, extent.whole ? least : 0);
    figures.add(figure);
    say(
        "measure",
        String.format(
            Locale.ROOT,
            "%-40s %.3f%s",
            name,
            value,
            figure.least == 0
                ? ""
                : String.format(Locale.ROOT, " (goal %.3f: %s)", figure.least, met(figure))));
  }

  private static String met(Figure figure) {
    return figure.met() ? "met" : "MISSED";
  }

  // Faults

  private void faults(ClusterScene scene) {
    window("no fault (floor)", () -> Deadline.pause(Duration.ofSeconds(2)));
    int hurt = extent.whole ? NODES : 1;
    for (int i = 0; i < hurt; i++) {
      int node = i;
      String nic = ClusterScene.uplink(i);
      window("carrier off " + nic, () -> hurt(scene, 2, () -> scene.carrier(node, false)));
      window("carrier back " + nic, () -> hurt(scene, 3, () -> scene.carrier(node, true)));
    }
    for (int i = 0; i < hurt; i++) {
      int node = i;
      String nic = ClusterScene.uplink(i);
      window("silence behind " + nic, () -> hurt(scene, 2, () -> scene.silence(node, true)));
      window("silence ends " + nic, () -> hurt(scene, 3, () -> scene.silence(node, false)));
    }
    window("kill -9 of node b", () -> hurt(scene, 2, () -> scene.killNode(1)));
    window("node b joins again", () -> hurt(scene, 3, () -> scene.startNode(1)));
    window("fabric cut a-c", () -> hurt(scene, 2, () -> scene.cut(0, 2, true)));
    window("fabric a-c mended", () -> hurt(scene, 3, () -> scene.cut(0, 2, false)));
    window(
        "directory's majority lost (kill b, c)",
        () ->
            hurt(
                scene,
                1,
                () -> {
                  scene.killNode(1);
                  scene.killNode(2);
                }));
    awaitStale(scene);
    window(
        "b and c join again",
        () ->
            hurt(
                scene,
                3,
                () -> {
                  scene.startNode(1);
                  scene.startNode(2);
                }));
    window(
        "drain of " + ClusterScene.uplink(1),
        () -> hurt(scene, 2, () -> scene.braid(1, "nic", "drain", "b0")));
    window(
        "removal of " + ClusterScene.uplink(1),
        () -> hurt(scene, 2, () -> scene.braid(1, "nic", "remove", "b0")));
  }

  /// A fault, and then until the bond has as many usable members as it can have.
  private void hurt(ClusterScene scene, int usable, Runnable fault) {
    fault.run();
    awaitMembers(scene, usable);
    Deadline.pause(SETTLE);
  }

  private void awaitStale(ClusterScene scene) {
    Deadline deadline = Deadline.in(PATIENCE);
    while (!scene.ask(0, "nics").asObject().getBoolean("stale", false)) {
      if (deadline.passed()) {
        throw new TestbedException("the map of NICs is not stale:\n" + scene.braid(0, "nics"));
      }
      Deadline.pause(Duration.ofMillis(200));
    }
    scene.braid(0, "nics").lines().forEach(line -> say("nics", line));
  }

  private void window(String name, Runnable what) {
    say("fault", name);
    List<UdpProbe.Mark> from = marks();
    what.run();
    windows.add(new Window(name, from, marks()));
  }

  private List<UdpProbe.Mark> marks() {
    return probes.stream().map(UdpProbe::mark).toList();
  }

  /// A TCP connection of the guest that lives through everything.
  private static final class Transfer {
    private static final Pattern LISTENING = Pattern.compile("^listening");
    private final UmlVm guest;
    private final Child receive;

    Transfer(Testbed testbed, ClusterScene scene, UmlVm guest) {
      this.guest = guest;
      String traffic = GuestFiles.here().traffic().toString();
      receive =
          testbed.start(
              "tcp-receive",
              scene.lan().namespace(),
              List.of(traffic, "tcp-receive", "" + TCP_PORT));
      receive.console().await(LISTENING, MINUTE);
      guest.check(
          "%s tcp-send %s %d 1000000000000 %d %s >/tmp/tcp.log 2>&1 & echo $! >/tmp/tcp.pid"
              .formatted(traffic, ClusterScene.PEER, TCP_PORT, TCP_BYTES_PER_SECOND, SEED));
    }

    /// Ends it in order.
    ///
    /// @return both ends' reports, sender first
    List<TcpReport> end() {
      guest.check("kill -TERM $(cat /tmp/tcp.pid)");
      receive.awaitExit(MINUTE);
      String said =
          guest.check("until grep -q ^tcp /tmp/tcp.log; do sleep 0.1; done; cat /tmp/tcp.log");
      return List.of(
          TcpReport.parse(said.lines().toList()), TcpReport.parse(receive.console().lines()));
    }
  }

  // The end

  private JsonObject report(List<Traffic.Reports> reports, List<TcpReport> tcp) {
    Faults faults = new Faults();
    for (Window window : windows) {
      faults.add(fault(window, reports));
    }
    out.println();
    out.print(faults.table());
    out.println(Faults.LEGEND);
    out.println();
    for (Figure figure : figures) {
      out.printf(
          Locale.ROOT,
          "%-44s %6.3f%s%n",
          figure.name,
          figure.value,
          figure.least == 0
              ? ""
              : String.format(Locale.ROOT, "   goal %.3f: %s", figure.least, met(figure)));
    }
    TcpReport sent = tcp.getFirst();
    TcpReport received = tcp.getLast();
    boolean equal = sent.bytes() == received.bytes() && sent.sha256().equals(received.sha256());
    out.printf(
        Locale.ROOT,
        "TCP through all of it: %,d bytes, SHA-256 %s, longest stall %.0f ms%n"
            + "load average %s; ceiling of TCP payload at MTU 1500: %.3f of the line rate%n",
        received.bytes(),
        equal ? "equal" : "DIFFERENT",
        received.stallMillis(),
        Environment.load(),
        CEILING);
    JsonArray measured = new JsonArray();
    figures.forEach(
        f ->
            measured.add(
                new JsonObject()
                    .add("name", f.name)
                    .add("value", f.value)
                    .add("goal", f.least)
                    .add("met", f.met())));
    return new JsonObject()
        .add("scenario", "cluster")
        .add("throughput", measured)
        .add("faults", faults.json())
        .add("tcp", new JsonObject().add("bytes", received.bytes()).add("sha256_equal", equal))
        .add("environment", Environment.describe())
        .add("ok", equal);
  }

  /// All probes together: sums, and the worst outage.
  private static Faults.Fault fault(Window window, List<Traffic.Reports> reports) {
    Faults.Way up = Faults.Way.NONE;
    Faults.Way down = up;
    for (int i = 0; i < reports.size(); i++) {
      UdpProbe.Mark from = window.from.get(i);
      UdpProbe.Mark to = window.to.get(i);
      up = up.and(Faults.Way.of(reports.get(i).peer(), from.out(), to.out()));
      down = down.and(Faults.Way.of(reports.get(i).guest(), from.in(), to.in()));
    }
    return new Faults.Fault(window.name, Faults.NO_DETECTION, up, down);
  }

  private void say(String who, String what) {
    timeline.say(who, what);
  }
}
