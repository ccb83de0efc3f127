package braid.bench;

import braid.vm.BraidProgram;
import braid.vm.Child;
import braid.vm.Environment;
import braid.vm.Namespace;
import braid.vm.Testbed;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What a `braid node` costs before it has a guest: time from its start until its socket takes a
/// connection, memory, processor time while idle.
final class NodeBench {
  private static final int RUNS = 7;
  private static final long IDLE_MILLIS = 5_000;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final PrintStream out;

  NodeBench(PrintStream out) {
    this.out = out;
  }

  /// One node's figures.
  private record Run(double listeningMillis, double residentMebibytes, double idlePercent) {}

  int run() throws IOException {
    List<Run> runs = new ArrayList<>();
    try (Testbed testbed = Testbed.open(Path.of("target", "bench-node-logs"))) {
      Namespace host = testbed.namespace("host");
      for (int i = 0; i < RUNS; i++) {
        Run run = one(testbed, host, i);
        runs.add(run);
        out.printf(
            Locale.ROOT,
            "run %d: listening after %.0f ms, RSS %.0f MiB, idle CPU %.2f %%%n",
            i,
            run.listeningMillis,
            run.residentMebibytes,
            run.idlePercent);
      }
    }
    out.printf(
        Locale.ROOT,
        "median of %d: listening after %.0f ms, RSS %.0f MiB, idle CPU %.2f %% of a core; load %s%n",
        RUNS,
        median(runs.stream().mapToDouble(Run::listeningMillis).toArray()),
        median(runs.stream().mapToDouble(Run::residentMebibytes).toArray()),
        median(runs.stream().mapToDouble(Run::idlePercent).toArray()),
        Environment.load());
    return 0;
  }

  private static Run one(Testbed testbed, Namespace host, int number) throws IOException {
    Path socket = testbed.directory().resolve("vm" + number + ".sock");
    long began = System.nanoTime();
    Child node =
        testbed.start(
            "node-" + number,
            host,
            BraidProgram.command(
                "node",
                "--nic",
                "a0=tap:brd-a0,bridge=br0",
                "--guest",
                "vm1=" + socket + ",nic=a0"));
    while (!connects(socket)) {
      if (!node.alive() || System.nanoTime() - began > PATIENCE_NANOS) {
        throw new IllegalStateException("the node does not listen: see " + node.log());
      }
      sleep(2);
    }
    double listening = (System.nanoTime() - began) / 1e6;
    sleep(2_000);
    long before = processorMillis(node.pid());
    sleep(IDLE_MILLIS);
    double idle = 100.0 * (processorMillis(node.pid()) - before) / IDLE_MILLIS;
    double resident = residentMebibytes(node.pid());
    node.stop();
    return new Run(listening, resident, idle);
  }

  private static boolean connects(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      return false;
    }
  }

  /// User and system time of all threads; ticks are 10 ms on every Linux that Java runs on.
  private static long processorMillis(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return 10 * (Long.parseLong(fields[11]) + Long.parseLong(fields[12]));
  }

  private static double residentMebibytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IllegalStateException("no VmRSS of process " + pid);
  }

  private static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
