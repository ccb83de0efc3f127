package braid.tck.sim;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs simulations from the command line; says how far it is on standard error.
public final class Sim {
  private static final int FAILURES_MAX = 5;
  private static final long PROGRESS_NANOS = 10_000_000_000L;
  private static final String USAGE =
      """
      usage: sim [--seed N | --seeds N [--from N]]
        --seed N    replays one seed, and tells its story when it fails
        --seeds N   runs so many (500)
        --from N    begins at this seed (1)
      Ends with 0, with 1 when a seed failed, with 2 when the arguments make no sense.""";

  private Sim() {}

  /// Ends with status 1 when a seed failed, 2 when the arguments make no sense.
  ///
  /// @param args as `--help` says
  public static void main(String[] args) {
    if (List.of(args).contains("--help")) {
      System.out.println(USAGE);
      System.exit(0);
    }
    long from = 1;
    long count = 500;
    for (int i = 0; i < args.length; i += 2) {
      long value = i + 1 < args.length ? number(args[i + 1]) : -1;
      switch (args[i]) {
        case "--seed" -> {
          from = value;
          count = 1;
        }
        case "--seeds" -> count = value;
        case "--from" -> from = value;
        default -> usage("unknown option " + args[i]);
      }
      if (value < 0) {
        usage(args[i] + " needs a number from 0 on");
      }
    }
    System.exit(run(from, count) ? 0 : 1);
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static void usage(String why) {
    System.err.println(why);
    System.err.println(USAGE);
    System.exit(2);
  }

  private static boolean run(long from, long count) {
    Summary summary = new Summary();
    List<Long> failed = new ArrayList<>();
    long started = System.nanoTime();
    long tell = started + PROGRESS_NANOS;
    for (long seed = from; seed < from + count && failed.size() < FAILURES_MAX; seed++) {
      try {
        summary.add(Simulation.run(seed));
      } catch (Simulation.Failure failure) {
        failed.add(seed);
        System.out.println("FAILED " + failure.getMessage());
        if (count == 1) {
          failure.printStackTrace(System.out);
        }
      }
      if (System.nanoTime() >= tell) {
        tell += PROGRESS_NANOS;
        System.err.println(
            "%d of %d seeds, %d failed".formatted(seed - from + 1, count, failed.size()));
      }
    }
    System.out.println(summary.text(System.nanoTime() - started));
    if (!failed.isEmpty()) {
      System.out.println("failed seeds: " + failed + "; each replays alone with --seed N");
    }
    return failed.isEmpty();
  }

  /// Sums over runs.
  static final class Summary {
    private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    private int runs;
    private long frames;
    private long dropped;
    private long repeated;
    private long virtual;
    private long events;
    private Simulation.@Nullable Outcome slowestFailover;
    private Simulation.@Nullable Outcome slowestConvergence;

    Summary() {}

    void add(Simulation.Outcome outcome) {
      runs++;
      frames += outcome.frames();
      dropped += outcome.dropped();
      repeated += outcome.repeated();
      virtual += outcome.virtual();
      events += outcome.events();
      outcome.faults().forEach((kind, n) -> faults.merge(kind, n, Integer::sum));
      if (slowestFailover == null || outcome.failover() > slowestFailover.failover()) {
        slowestFailover = outcome;
      }
      if (slowestConvergence == null || outcome.convergence() > slowestConvergence.convergence()) {
        slowestConvergence = outcome;
      }
    }

    String text(long nanos) {
      String kinds =
          faults.entrySet().stream()
              .map(e -> e.getKey() + " " + e.getValue())
              .collect(Collectors.joining(", "));
      int all = faults.values().stream().mapToInt(Integer::intValue).sum();
      String worst =
          slowestFailover == null || slowestConvergence == null
              ? ""
              : "worst failover %.1f ms (seed %d), worst convergence %.1f ms (seed %d)%n"
                  .formatted(
                      slowestFailover.failover() / 1e6,
                      slowestFailover.seed(),
                      slowestConvergence.convergence() / 1e6,
                      slowestConvergence.seed());
      return "%d seeds, %d faults (%s)%n%d frames, %d dropped where no way was left, %d repeated%n%s%.0f s of virtual time, %d events, in %.1f s"
          .formatted(
              runs,
              all,
              kinds,
              frames,
              dropped,
              repeated,
              worst,
              virtual / 1e9,
              events,
              nanos / 1e9);
    }
  }
}
