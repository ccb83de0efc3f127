package braid.bench;

import braid.vm.Environment;
import braid.vm.Testbed;
import braid.vm.Traffic;
import braid.vm.UdpProbe;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The same faults against our bonds and the peers', interleaved in one run.
///
/// **Method.** Each contender has nodes, namespaces and a LAN of its own, and 1,000 numbered
/// packets a second each way. They take turns of a few faults each, the others paused meanwhile, so
/// that whatever the machine does to one it does to all. A turn: a calm second (its longest gap is
/// the floor that the machine has without any fault), then for each kind that the contender can
/// notice: mark, fault, until the LAN's switch uses the other path, a settling time, mark; then the
/// repair and the way back, marked the same way. Outages are looked up between the marks at the
/// end.
final class FailoverBench {
  private static final long SETTLE_MILLIS = 400;
  private static final long POLL_MILLIS = 50;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  /// What is measured of a contender: the floor, and each kind with its fail-back.
  private static final class Score {
    final Outages floor = new Outages();
    final Map<FaultKind, Outages> faults = new EnumMap<>(FaultKind.class);
    final Map<FaultKind, Outages> failBacks = new EnumMap<>(FaultKind.class);
  }

  private final FailoverOptions options;
  private final PrintStream out;
  private final Set<String> failed = new HashSet<>();
  private final long began = System.nanoTime();

  FailoverBench(FailoverOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  int run() throws IOException {
    Map<Contender, Score> scores = new LinkedHashMap<>();
    try (Testbed testbed = Testbed.open(Path.of("target", "bench-failover-logs"))) {
      testbed.endsFirst();
      for (ContenderKind kind : options.contenders()) {
        say("start " + kind.text);
        Contender contender = testbed.own(kind.start(testbed));
        scores.put(contender, new Score());
        // One fault of each kind that does not count: programs run cold the first time.
        take(contender, new Score(), 1);
      }
      int turns = Math.ceilDiv(options.faults(), options.perTurn());
      for (int turn = 0; turn < turns; turn++) {
        int faults = Math.min(options.perTurn(), options.faults() - turn * options.perTurn());
        for (Map.Entry<Contender, Score> entry : scores.entrySet()) {
          if (!out(entry.getKey())) {
            take(entry.getKey(), entry.getValue(), faults);
          }
        }
        say("turn %d of %d done, load average %s".formatted(turn + 1, turns, Environment.load()));
      }
      for (Map.Entry<Contender, Score> entry : scores.entrySet()) {
        entry.getKey().resume();
        judge(entry.getValue(), entry.getKey().finish());
      }
    }
    report(scores);
    if (options.json() != null) {
      Files.writeString(options.json(), Json.of(json(scores)));
      out.println("wrote " + options.json());
    }
    return failed.isEmpty() ? 0 : 1;
  }

  /// One turn. A contender that does not come back from a fault takes no further part; what was
  /// measured of it and of the others stays.
  private void take(Contender contender, Score score, int faults) {
    try {
      turn(contender, score, faults);
    } catch (IllegalStateException e) {
      say("OUT: " + e.getMessage());
      failed.add(contender.name());
      contender.pause();
    }
  }

  private boolean out(Contender contender) {
    return failed.contains(contender.name());
  }

  private void turn(Contender contender, Score score, int faults) {
    contender.resume();
    awaitPath(contender, 0);
    pause(SETTLE_MILLIS);
    UdpProbe.Mark calm = contender.probe().mark();
    pause(1000);
    score.floor.add(calm, calm.atMillis(), contender.probe().mark());
    for (int i = 0; i < faults; i++) {
      for (FaultKind kind : contender.catches()) {
        round(contender, kind, score);
      }
    }
    // What a fail-back still breaks now shall not have the time that the others take added to it.
    pause(SETTLE_MILLIS);
    contender.pause();
  }

  private void round(Contender contender, FaultKind kind, Score score) {
    awaitPath(contender, 0);
    pause(SETTLE_MILLIS);
    UdpProbe.Mark before = contender.probe().mark();
    double broken = System.currentTimeMillis();
    contender.hurt(kind);
    awaitPath(contender, 1);
    pause(SETTLE_MILLIS);
    UdpProbe.Mark after = contender.probe().mark();
    double mended = System.currentTimeMillis();
    contender.heal(kind);
    awaitPath(contender, 0);
    pause(SETTLE_MILLIS);
    UdpProbe.Mark end = contender.probe().mark();
    score.faults.computeIfAbsent(kind, k -> new Outages()).add(before, broken, after);
    score.failBacks.computeIfAbsent(kind, k -> new Outages()).add(after, mended, end);
  }

  private static void awaitPath(Contender contender, int path) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (contender.path() != path) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            contender.name() + " did not go to path " + path + " within a minute");
      }
      pause(POLL_MILLIS);
    }
  }

  private static void judge(Score score, Traffic.Reports reports) {
    score.floor.judge(reports);
    score.faults.values().forEach(outages -> outages.judge(reports));
    score.failBacks.values().forEach(outages -> outages.judge(reports));
  }

  private void report(Map<Contender, Score> scores) {
    out.printf("%n%-34s %s%n", "outage, worse way", Outages.header());
    for (FaultKind kind : FaultKind.values()) {
      out.println(kind.text);
      scores.forEach((contender, score) -> row(contender, score.faults.get(kind)));
    }
    out.println("no fault (floor of the same run)");
    scores.forEach((contender, score) -> row(contender, score.floor));
    out.println("fail-back, all kinds");
    for (FaultKind kind : FaultKind.values()) {
      scores.forEach(
          (contender, score) ->
              row(contender.name() + ", " + kind.text, score.failBacks.get(kind)));
    }
    out.printf(
        "outage: nothing arrived that was sent; pause: nothing arrived, be it that nothing was sent%n"
            + "lost>: from the guest, before: of these sent before the fault, lost<: to the guest%n"
            + "a contender without a row in a kind cannot notice it; load average %s%n",
        Environment.load());
  }

  private void row(Contender contender, @Nullable Outages outages) {
    row(contender.name(), outages);
  }

  private void row(String name, @Nullable Outages outages) {
    if (outages != null && outages.count() > 0) {
      out.printf("  %-32s %s%n", name, outages.row());
    }
  }

  private static Map<String, Object> json(Map<Contender, Score> scores) {
    List<Object> results = new ArrayList<>();
    scores.forEach(
        (contender, score) -> {
          results.add(entry(contender, "none", score.floor));
          score.faults.forEach((kind, o) -> results.add(entry(contender, kind.text, o)));
          score.failBacks.forEach(
              (kind, o) -> results.add(entry(contender, "fail-back from " + kind.text, o)));
        });
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("benchmark", "failover");
    map.put("results", results);
    map.put("environment", Json.environment());
    return map;
  }

  private static Map<String, Object> entry(Contender contender, String fault, Outages outages) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("contender", contender.name());
    map.put("fault", fault);
    map.putAll(outages.json());
    return map;
  }

  private void say(String what) {
    out.printf(Locale.ROOT, "[%7.1f] %s%n", (System.nanoTime() - began) / 1e9, what);
    out.flush();
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
