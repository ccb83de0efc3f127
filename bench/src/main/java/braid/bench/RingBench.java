package braid.bench;

import braid.bench.PairStatistics.Pair;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Bench `ring`: see [Bench] for what it compares and the package for why it does so this way.
///
/// One fork = all processes anew (a JVM's compiler decides differently each time, and so does the
/// placement of memory). Within a fork, per size: warm up, then pairs in the order AB, BA, AB...
/// until enough are valid or the size's slice of time is over.
final class RingBench {
  /// The path's name in the JSON.
  static final String PATH = "split-mrg-loop";

  private static final int DEVICE_CPU = 0;
  private static final int FRONT_CPU = 1;
  private static final int WARM_MILLIS = 2_000;
  private static final int SETTLE_MILLIS = 100;
  private static final int WINDOW_MILLIS = 500;

  private final Bench.Options options;
  private final PrintStream out;
  private final Map<Integer, PairStatistics> statistics = new TreeMap<>();
  private final List<String> notes = new ArrayList<>();
  private int rejected;

  RingBench(Bench.Options options, PrintStream out) {
    this.options = options;
    this.out = out;
    options.sizes().forEach(size -> statistics.put(size, new PairStatistics()));
  }

  /// Runs all forks that the time allows.
  ///
  /// @return the exit code: 0 when each size has a valid pair
  int run() throws IOException {
    checkMachine();
    long began = System.nanoTime();
    long end = began + (long) (options.minutes() * 60e9);
    Path directory = Files.createTempDirectory("braid-bench");
    int forks = 0;
    try (OwnPriority _ = new OwnPriority();
        HugePages _ = new HugePages(4 * Testpmd.HUGE_PAGES);
        StateProbe probe = new StateProbe(DEVICE_CPU, FRONT_CPU)) {
      for (int fork = 1; fork <= options.forks() && System.nanoTime() < end; fork++) {
        long slice = (end - System.nanoTime()) / (options.forks() - fork + 1);
        runFork(fork, directory, probe, System.nanoTime() + slice);
        forks++;
      }
    } finally {
      try (var left = Files.list(directory)) {
        for (Path file : left.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
    return report(forks, (System.nanoTime() - began) / 1e9);
  }

  private static void checkMachine() {
    if (Runtime.getRuntime().availableProcessors() < 2) {
      throw new IllegalStateException("needs two processors, one per poller; this machine has one");
    }
    for (String program : List.of("dpdk-testpmd", "setsid", "stdbuf", "taskset")) {
      boolean there = false;
      for (String folder : System.getenv().getOrDefault("PATH", "/usr/bin").split(":", -1)) {
        there |= Files.isExecutable(Path.of(folder, program));
      }
      if (!there) {
        throw new IllegalStateException(
            program + " is missing: apt-get install dpdk coreutils util-linux");
      }
    }
  }

  private void runFork(int fork, Path directory, StateProbe probe, long end) {
    Path ourSocket = directory.resolve("ours-" + fork + ".sock");
    Path peerSocket = directory.resolve("peer-" + fork + ".sock");
    try (Side ours = new Side(ourDevice(ourSocket), ourSocket, FRONT_CPU);
        Side peer = new Side(new Side.NetVhost(peerSocket, DEVICE_CPU), peerSocket, FRONT_CPU)) {
      int sizesLeft = options.sizes().size();
      for (int size : options.sizes()) {
        long slice = (end - System.nanoTime()) / sizesLeft--;
        runSize(fork, size, ours, peer, probe, System.nanoTime() + slice);
      }
      String note = ours.device().note();
      if (!note.isEmpty()) {
        notes.add("fork " + fork + ": " + note);
        out.println("fork " + fork + ": " + note);
      }
    }
  }

  private Side.Device ourDevice(Path socket) {
    return options.selfCheck()
        ? new Side.NetVhost(socket, DEVICE_CPU)
        : new Side.Braid(socket, DEVICE_CPU, options.jvmArgs());
  }

  private void runSize(int fork, int size, Side ours, Side peer, StateProbe probe, long end) {
    ours.measure(size, WARM_MILLIS, 100);
    peer.measure(size, SETTLE_MILLIS, 100);
    double before = probe.rttNanos();
    int valid = 0;
    for (int i = 0; valid < options.pairs() && (i == 0 || System.nanoTime() < end); i++) {
      boolean oursFirst = i % 2 == 0;
      Side.Sample first = (oursFirst ? ours : peer).measure(size, SETTLE_MILLIS, WINDOW_MILLIS);
      double between = probe.rttNanos();
      Side.Sample second = (oursFirst ? peer : ours).measure(size, SETTLE_MILLIS, WINDOW_MILLIS);
      double after = probe.rttNanos();
      MachineState state = MachineState.of(before, between, after);
      Pair pair =
          new Pair(
              fork, oursFirst ? first.pps() : second.pps(), oursFirst ? second.pps() : first.pps());
      boolean good = state != MachineState.MIXED && first.valid() && second.valid();
      if (good) {
        PairStatistics statistic = statistics.get(size);
        if (statistic != null) {
          statistic.add(state, pair);
        }
        valid++;
      } else {
        rejected++;
      }
      out.printf(
          Locale.ROOT,
          "fork %d  %4d B  rtt %3.0f/%3.0f/%3.0f ns %-5s  ours %6.2f  peer %6.2f Mpps"
              + "  ratio %.2f  share %.2f/%.2f%s%n",
          fork,
          size,
          before,
          between,
          after,
          state,
          pair.ours() / 1e6,
          pair.peer() / 1e6,
          pair.ratio(),
          first.share(),
          second.share(),
          good ? "" : state == MachineState.MIXED ? "  dropped: state" : "  dropped: share");
      before = after;
    }
  }

  private int report(int forks, double seconds) throws IOException {
    String peer = "net_vhost";
    out.printf(
        Locale.ROOT,
        "%n%s: DPDK virtio-user against %s, beside %s%n",
        PATH,
        options.selfCheck() ? "net_vhost (self-check)" : "braid",
        peer);
    out.printf(
        Locale.ROOT,
        "%5s  %-5s  %6s  %11s  %5s  %5s  %9s  %9s%n",
        "bytes",
        "state",
        "ratio",
        "min-max",
        "pairs",
        "forks",
        "ours Mpps",
        "peer Mpps");
    List<Object> results = new ArrayList<>();
    boolean complete = true;
    for (Map.Entry<Integer, PairStatistics> entry : statistics.entrySet()) {
      List<PairStatistics.Row> rows = entry.getValue().rows();
      complete &= !rows.isEmpty();
      for (PairStatistics.Row row : rows) {
        results.add(PairStatistics.fields(PATH, entry.getKey(), row));
        out.printf(
            Locale.ROOT,
            "%5d  %-5s  %6.2f  %5.2f-%-5.2f  %5d  %5d  %9.2f  %9.2f%n",
            entry.getKey(),
            row.state(),
            row.median(),
            row.min(),
            row.max(),
            row.pairs(),
            row.forks(),
            row.oursMpps(),
            row.peerMpps());
      }
    }
    out.printf(
        Locale.ROOT,
        "%d of %d forks in %.0f s, wanted %d pairs per size and fork, %d pairs dropped%n",
        forks,
        options.forks(),
        seconds,
        options.pairs(),
        rejected);
    if (options.json() != null) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("results", results);
      document.put("environment", environment(forks, seconds));
      Files.writeString(options.json(), Json.of(document));
    }
    return complete ? 0 : 1;
  }

  private Map<String, Object> environment(int forks, double seconds) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    map.put("kernel", System.getProperty("os.version"));
    map.put("cpu", firstValue(Path.of("/proc/cpuinfo"), "model name"));
    map.put("processors", Runtime.getRuntime().availableProcessors());
    map.put("load", Files.readString(Path.of("/proc/loadavg")).strip());
    map.put("java", System.getProperty("java.vm.version"));
    map.put("jvm_args", options.jvmArgs());
    map.put("peer", "DPDK net_vhost of this system's dpdk package");
    map.put("self_check", options.selfCheck());
    map.put("seconds", seconds);
    map.put("forks_done", forks);
    map.put("forks_wanted", options.forks());
    map.put("pairs_wanted_per_fork", options.pairs());
    map.put("pairs_dropped", rejected);
    map.put("window_ms", WINDOW_MILLIS);
    map.put("notes", notes);
    return map;
  }

  private static String firstValue(Path file, String key) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(key)) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return "unknown";
  }
}
