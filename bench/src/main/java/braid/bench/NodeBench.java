package braid.bench;

import braid.vm.BraidProgram;
import braid.vm.Child;
import braid.vm.Environment;
import braid.vm.Guest;
import braid.vm.Namespace;
import braid.vm.Testbed;
import braid.vm.UmlVm;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a `braid node` costs: before it has a guest, the time from its start until its socket takes
/// a connection, memory, processor time while idle; then what each guest adds that is attached and
/// does nothing (user-mode Linux with its stock driver).
final class NodeBench {
  private static final int RUNS = 7;
  private static final int GUESTS = 8;
  private static final int GUEST_MEBIBYTES = 96;
  private static final long SETTLE_MILLIS = 2_000;
  private static final long IDLE_MILLIS = 5_000;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final @Nullable Path json;
  private final PrintStream out;

  /// @param json where JSON goes, null for nowhere
  NodeBench(@Nullable Path json, PrintStream out) {
    this.json = json;
    this.out = out;
  }

  /// One node's figures.
  private record Run(double listeningMillis, double residentMebibytes, double idlePercent) {}

  /// A node at rest.
  ///
  /// @param ownMebibytes memory without that of guests
  /// @param idlePercent  of a core
  private record Rest(double ownMebibytes, double idlePercent) {
    static Rest of(Child node) throws IOException {
      sleep(SETTLE_MILLIS);
      double idle = idling(node);
      return new Rest(new ProcessUse(node.pid()).ownMebibytes(), idle);
    }
  }

  int run() throws IOException {
    List<Run> runs = new ArrayList<>();
    Rest without;
    Rest with;
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
      List<Path> sockets = sockets(testbed, "guest", GUESTS);
      Child node = start(testbed, host, "node-guests", sockets);
      without = Rest.of(node);
      out.printf("attach %d guests of user-mode Linux%n", GUESTS);
      for (int i = 0; i < GUESTS; i++) {
        UmlVm.start(
                testbed, new UmlVm.Options("vm" + i, GUEST_MEBIBYTES, List.of(sockets.get(i)), ""))
            .awaitReady(Guest.BOOT);
      }
      with = Rest.of(node);
    }
    report(runs, without, with);
    return 0;
  }

  private void report(List<Run> runs, Rest without, Rest with) throws IOException {
    double listening = PairStatistics.median(runs, Run::listeningMillis);
    double resident = PairStatistics.median(runs, Run::residentMebibytes);
    double idle = PairStatistics.median(runs, Run::idlePercent);
    double each = (with.ownMebibytes - without.ownMebibytes) / GUESTS;
    double idleEach = (with.idlePercent - without.idlePercent) / GUESTS;
    out.printf(
        Locale.ROOT,
        "median of %d: listening after %.0f ms, RSS %.0f MiB, idle CPU %.2f %% of a core; load %s%n",
        RUNS,
        listening,
        resident,
        idle,
        Environment.load());
    out.printf(
        Locale.ROOT,
        "%d idle guests: own memory %.1f -> %.1f MiB, %.2f each; CPU %.2f -> %.2f %%, %.3f each%n",
        GUESTS,
        without.ownMebibytes,
        with.ownMebibytes,
        each,
        without.idlePercent,
        with.idlePercent,
        idleEach);
    if (json != null) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("benchmark", "node");
      map.put("runs", RUNS);
      map.put("listening_ms", listening);
      map.put("rss_mib", resident);
      map.put("idle_cpu_percent", idle);
      map.put("guests", GUESTS);
      map.put("guest_own_mib_each", each);
      map.put("guest_idle_cpu_percent_each", idleEach);
      map.put("environment", Json.environment());
      Files.writeString(json, Json.of(map));
      out.println("wrote " + json);
    }
  }

  private static List<Path> sockets(Testbed testbed, String name, int count) {
    List<Path> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(testbed.directory().resolve(name + i + ".sock"));
    }
    return sockets;
  }

  /// Starts a node; returns when its last socket takes a connection.
  private static Child start(Testbed testbed, Namespace host, String name, List<Path> sockets)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("node", "--nic", "a0=tap:brd-a0,bridge=br0"));
    for (int i = 0; i < sockets.size(); i++) {
      arguments.addAll(List.of("--guest", "vm" + i + "=" + sockets.get(i) + ",nic=a0"));
    }
    long began = System.nanoTime();
    Child node = testbed.start(name, host, BraidProgram.command(arguments.toArray(String[]::new)));
    while (!connects(sockets.getLast())) {
      if (!node.alive() || System.nanoTime() - began > PATIENCE_NANOS) {
        throw new IllegalStateException("the node does not listen: see " + node.log());
      }
      sleep(2);
    }
    return node;
  }

  private static Run one(Testbed testbed, Namespace host, int number) throws IOException {
    List<Path> sockets = sockets(testbed, "run" + number + "-", 1);
    long began = System.nanoTime();
    Child node = start(testbed, host, "node-" + number, sockets);
    double listening = (System.nanoTime() - began) / 1e6;
    sleep(SETTLE_MILLIS);
    double idle = idling(node);
    double resident = new ProcessUse(node.pid()).residentMebibytes();
    node.stop();
    return new Run(listening, resident, idle);
  }

  /// Processor time while nothing happens, percent of a core.
  private static double idling(Child node) throws IOException {
    ProcessUse use = new ProcessUse(node.pid());
    long before = use.processorMillis();
    sleep(IDLE_MILLIS);
    return 100.0 * (use.processorMillis() - before) / IDLE_MILLIS;
  }

  private static boolean connects(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      return false;
    }
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
