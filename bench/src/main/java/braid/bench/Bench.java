package braid.bench;

import braid.vm.TestbedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The command line: `bench ring|node|fabric|failover [options]`.
///
/// Exit codes: 0 done, 1 nothing valid was measured or the machine lacks something (said with the
/// remedy), 2 wrong arguments.
final class Bench {
  private static final String USAGE =
      """
      usage: bench ring [--json FILE] [--minutes N] [--forks N] [--pairs N] [--sizes 64,256,1500]
                        [--quick] [--self-check] [--jvm-arg ARG]...

        DPDK's virtio-user front-end (split ring, mergeable, loop) against our device and, in turn
        within the same run, against DPDK's net_vhost.

             bench node [--json FILE]

        Start, memory and idle processor time of `braid node`, and what each idle guest adds.

             bench fabric [--json FILE] [--rounds N] [--seconds S] [--transport auto]

        Frames between two nodes with TLS, beside iperf3 and a UDP tunnel without.

        --json FILE    also write the result as JSON
        --minutes N    stop after about N minutes (default 10)
        --forks N      fresh processes N times (default 5)
        --pairs N      valid pairs wanted per size and fork (default 8)
        --sizes LIST   frame bytes without FCS (default 64,256,1500)
        --quick        2 forks, 3 pairs, 2 minutes: shows that it works, is no measurement
        --self-check   net_vhost on both sides: the ratio must be near 1
        --jvm-arg ARG  further argument of our device's JVM, may be repeated
      """;

  private Bench() {}

  /// Options of `bench ring`.
  ///
  /// @param json      where JSON goes, null for nowhere
  /// @param minutes   time budget
  /// @param forks     how often all processes are started anew
  /// @param pairs     valid pairs wanted per size and fork
  /// @param sizes     frame sizes in bytes, without FCS
  /// @param selfCheck net_vhost on both sides
  /// @param jvmArgs   further arguments of our device's JVM
  record Options(
      @Nullable Path json,
      double minutes,
      int forks,
      int pairs,
      List<Integer> sizes,
      boolean selfCheck,
      List<String> jvmArgs) {

    static Options parse(List<String> args) {
      @Nullable Path json = null;
      double minutes = 10;
      int forks = 5;
      int pairs = 8;
      List<Integer> sizes = List.of(64, 256, 1500);
      boolean selfCheck = false;
      List<String> jvmArgs = new ArrayList<>();
      for (int i = 0; i < args.size(); i++) {
        String name = args.get(i);
        switch (name) {
          case "--quick" -> {
            minutes = 2;
            forks = 2;
            pairs = 3;
          }
          case "--self-check" -> selfCheck = true;
          case "--json", "--minutes", "--forks", "--pairs", "--sizes", "--jvm-arg" -> {
            if (++i == args.size()) {
              throw new IllegalArgumentException(name + " needs a value");
            }
            String value = args.get(i);
            switch (name) {
              case "--json" -> json = Path.of(value);
              case "--minutes" -> minutes = number(name, value, 0.1, 600);
              case "--forks" -> forks = (int) number(name, value, 1, 100);
              case "--pairs" -> pairs = (int) number(name, value, 1, 1000);
              case "--sizes" -> sizes = sizes(value);
              default -> jvmArgs.add(value);
            }
          }
          default -> throw new IllegalArgumentException("unknown option " + name);
        }
      }
      return new Options(json, minutes, forks, pairs, sizes, selfCheck, List.copyOf(jvmArgs));
    }

    private static List<Integer> sizes(String list) {
      List<Integer> sizes = new ArrayList<>();
      for (String part : list.split(",", -1)) {
        sizes.add((int) number("--sizes", part, 60, 1514));
      }
      return List.copyOf(sizes);
    }
  }

  /// See the class.
  public static void main(String[] args) throws IOException {
    System.exit(run(List.of(args)));
  }

  static int run(List<String> args) throws IOException {
    if (!args.isEmpty() && args.getFirst().equals("node")) {
      return node(args.subList(1, args.size()));
    }
    if (!args.isEmpty() && args.getFirst().equals("fabric")) {
      return fabric(args.subList(1, args.size()));
    }
    if (!args.isEmpty() && args.getFirst().equals("failover")) {
      return failover(args.subList(1, args.size()));
    }
    if (args.isEmpty() || !args.getFirst().equals("ring")) {
      System.err.print(USAGE);
      System.err.print(FailoverOptions.USAGE);
      return 2;
    }
    Options options;
    try {
      options = Options.parse(args.subList(1, args.size()));
    } catch (IllegalArgumentException e) {
      System.err.println("bench ring: " + e.getMessage());
      System.err.print(USAGE);
      return 2;
    }
    try {
      return new RingBench(options, System.out).run();
    } catch (IllegalStateException e) {
      System.err.println("bench ring: " + e.getMessage());
      return 1;
    }
  }

  private static int node(List<String> args) throws IOException {
    boolean json = args.size() == 2 && args.getFirst().equals("--json");
    if (!args.isEmpty() && !json) {
      System.err.println("bench node: --json FILE is all it takes, not " + String.join(" ", args));
      System.err.print(USAGE);
      return 2;
    }
    try {
      return new NodeBench(json ? Path.of(args.getLast()) : null, System.out).run();
    } catch (IllegalStateException | TestbedException e) {
      System.err.println("bench node: " + e.getMessage());
      return 1;
    }
  }

  private static int fabric(List<String> args) throws IOException {
    try {
      return new FabricBench(FabricBench.Options.parse(args), System.out).run();
    } catch (IllegalArgumentException e) {
      System.err.println("bench fabric: " + e.getMessage());
      System.err.print(USAGE);
      return 2;
    } catch (IllegalStateException e) {
      System.err.println("bench fabric: " + e.getMessage());
      return 1;
    }
  }

  /// The number that an option has.
  static double number(String name, String value, double least, double most) {
    try {
      double number = Double.parseDouble(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // falls through to the message that says what is wanted
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT, "%s wants a number from %s to %s, not %s", name, least, most, value));
  }

  private static int failover(List<String> args) throws IOException {
    FailoverOptions options;
    try {
      options = FailoverOptions.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println("bench failover: " + e.getMessage());
      System.err.print(FailoverOptions.USAGE);
      return 2;
    }
    try {
      return new FailoverBench(options, System.out).run();
    } catch (IllegalStateException | TestbedException e) {
      System.err.println("bench failover: " + e.getMessage());
      return 1;
    }
  }
}
