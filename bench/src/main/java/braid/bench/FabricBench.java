package braid.bench;

import braid.fabric.TransportKind;
import braid.fabric.pki.Certificates;
import braid.fabric.pki.Identity;
import braid.fabric.pki.PemFiles;
import braid.fabric.pki.Validity;
import braid.vm.Environment;
import braid.vm.Namespace;
import braid.vm.Testbed;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The fabric beside plain TCP and a plain UDP tunnel, over the same pair of namespaces, in turn
/// within the same run.
///
/// | figure | ours | beside |
/// |---|---|---|
/// | throughput, 1514-byte frames | mTLS, one connection | iperf3, one TCP connection, no TLS |
/// | throughput, 65,550-byte GSO frames | the same | the same |
/// | 64-byte frames per second | the same | sendmmsg/recvmmsg over UDP, 64 a call, no TLS |
///
/// Ours counts frames that the far end has taken and answered. The round trip is that of a small
/// record, as a continuity check is, that must pass by the traffic at the same time.
final class FabricBench {
  private static final int PORT = 7180;
  private static final int MTU_FRAME = 1514;
  private static final int GSO_FRAME = 65_550;
  private static final int SMALL_FRAME = 64;
  private static final int PATIENCE_SECONDS = 60;
  private static final double WARM_SECONDS = 4;
  private static final String ADDRESS_A = "10.77.0.1";
  private static final String ADDRESS_B = "10.77.0.2";
  private static final Pattern DONE =
      Pattern.compile("done frames=(\\d+) seconds=([\\d.]+) rtt_us=(\\d+)\n");
  private static final Pattern RECEIVED =
      Pattern.compile("received frames=(\\d+) seconds=([\\d.]+)\n");
  private static final Pattern SUM = Pattern.compile("([\\d.]+) Mbits/sec +receiver");

  /// What one run is to do.
  ///
  /// @param json      where JSON goes, null for nowhere
  /// @param rounds    how often each figure is taken, in turn
  /// @param seconds   each time
  /// @param transport of the fabric: auto, io_uring, epoll, nio
  record Options(@Nullable Path json, int rounds, double seconds, String transport) {
    static Options parse(List<String> args) {
      @Nullable Path json = null;
      int rounds = 5;
      double seconds = 3;
      String transport = "auto";
      for (int i = 0; i < args.size(); i += 2) {
        String name = args.get(i);
        if (i + 1 == args.size()) {
          throw new IllegalArgumentException(name + " needs a value");
        }
        String value = args.get(i + 1);
        switch (name) {
          case "--json" -> json = Path.of(value);
          case "--rounds" -> rounds = (int) Bench.number(name, value, 1, 100);
          case "--seconds" -> seconds = Bench.number(name, value, 1, 60);
          case "--transport" -> transport = TransportKind.of(value).toString();
          default -> throw new IllegalArgumentException("unknown option " + name);
        }
      }
      return new Options(json, rounds, seconds, transport);
    }
  }

  /// The figures of one round.
  private record Round(double tcp, Sample mtu, Sample gso, double tunnel, Sample small) {
    double roundTripMillis() {
      return Math.max(mtu.millis, Math.max(gso.millis, small.millis));
    }
  }

  /// Ours under load.
  ///
  /// @param pps    frames per second
  /// @param millis round trip of a small record meanwhile
  private record Sample(double pps, double millis) {
    double gbps(int bytes) {
      return pps * bytes * 8 / 1e9;
    }

    double mpps() {
      return pps / 1e6;
    }
  }

  private final Options options;
  private final PrintStream out;

  FabricBench(Options options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  @SuppressWarnings("try") // the sink only has to be there
  int run() throws IOException {
    List<Round> rounds = new ArrayList<>();
    try (Testbed testbed = Testbed.open(Path.of("target", "bench-fabric-logs"))) {
      Namespace a = testbed.namespace("a");
      Namespace b = testbed.namespace("b");
      a.veth("v0", b, "v0");
      a.address("v0", ADDRESS_A + "/24");
      b.address("v0", ADDRESS_B + "/24");
      certificates(testbed.directory());
      Path tunnel = compile(testbed.directory());
      try (Child sink = peer(testbed, b, "sink");
          Child source = peer(testbed, a, "source")) {
        // Code is compiled by then.
        for (int bytes : List.of(GSO_FRAME, MTU_FRAME, SMALL_FRAME)) {
          Sample _ = fabric(source, bytes, WARM_SECONDS);
        }
        for (int i = 0; i < options.rounds; i++) {
          Round round =
              new Round(
                  tcp(a, b),
                  fabric(source, MTU_FRAME, options.seconds),
                  fabric(source, GSO_FRAME, options.seconds),
                  tunnel(tunnel, a, b),
                  fabric(source, SMALL_FRAME, options.seconds));
          rounds.add(round);
          out.printf(
              Locale.ROOT,
              "round %d: TCP %.1f Gbit/s, fabric %.1f (1514 B), %.1f (64 KiB GSO);"
                  + " 64 B: tunnel %.2f Mpps, fabric %.2f Mpps%n",
              i + 1,
              round.tcp,
              round.mtu.gbps(MTU_FRAME),
              round.gso.gbps(GSO_FRAME),
              round.tunnel,
              round.small.mpps());
        }
      }
    }
    report(rounds);
    return 0;
  }

  private Child peer(Testbed testbed, Namespace in, String role) {
    List<String> line =
        JavaProcess.line(
            FabricPeer.class,
            List.of("-Xmx256m"),
            role,
            testbed.directory().toString(),
            ADDRESS_B,
            Integer.toString(PORT),
            options.transport);
    Child child = Child.start(role, in.within(line));
    child.await(Pattern.compile("ready\n"), PATIENCE_SECONDS);
    return child;
  }

  private static Sample fabric(Child source, int bytes, double seconds) {
    source.say("run " + bytes + " " + (int) (seconds * 1000));
    Matcher done = source.await(DONE, PATIENCE_SECONDS);
    return new Sample(
        Double.parseDouble(done.group(1)) / Double.parseDouble(done.group(2)),
        Double.parseDouble(done.group(3)) / 1e3);
  }

  private double tcp(Namespace a, Namespace b) {
    try (Child server =
        Child.start("iperf3 server", b.within(List.of("iperf3", "-s", "-1", "--forceflush")))) {
      server.await(Pattern.compile("listening"), PATIENCE_SECONDS);
      String said =
          a.run(
              "iperf3",
              "-c",
              ADDRESS_B,
              "-t",
              String.format(Locale.ROOT, "%.0f", Math.max(1, options.seconds)),
              "-f",
              "m");
      Matcher sum = SUM.matcher(said);
      if (!sum.find()) {
        throw new IllegalStateException("iperf3 gave no result:\n" + said);
      }
      return Double.parseDouble(sum.group(1)) / 1e3;
    }
  }

  /// Millions of packets per second that arrived.
  private double tunnel(Path program, Namespace a, Namespace b) {
    String seconds = String.format(Locale.ROOT, "%.1f", options.seconds);
    String port = Integer.toString(PORT + 1);
    try (Child receiver =
        Child.start("tunnel", b.within(List.of(program.toString(), "receive", port, seconds)))) {
      receiver.await(Pattern.compile("listening\n"), PATIENCE_SECONDS);
      String longer = String.format(Locale.ROOT, "%.1f", options.seconds + 0.5);
      String _ =
          a.run(program.toString(), "send", ADDRESS_B, port, Integer.toString(SMALL_FRAME), longer);
      Matcher received = receiver.await(RECEIVED, PATIENCE_SECONDS);
      return Double.parseDouble(received.group(1)) / Double.parseDouble(received.group(2)) / 1e6;
    }
  }

  private static void certificates(Path directory) {
    SecureRandom random = new SecureRandom();
    Instant now = Instant.now();
    Validity day = Validity.days(now, 1);
    Identity authority = Certificates.authority("bench", Validity.days(now, 2), random);
    PemFiles.write(directory, PemFiles.AUTHORITY, authority, false);
    for (String node : List.of("a", "b")) {
      PemFiles.write(directory, node, Certificates.issue(authority, node, day, random), false);
    }
  }

  private static Path compile(Path directory) throws IOException {
    Path source = directory.resolve("udp-tunnel.c");
    try (InputStream in = FabricBench.class.getResourceAsStream("udp-tunnel.c")) {
      if (in == null) {
        throw new IllegalStateException("udp-tunnel.c is missing from the class path");
      }
      Files.copy(in, source);
    }
    Path program = directory.resolve("udp-tunnel");
    String _ =
        Testbed.run(List.of("gcc", "-std=c11", "-O2", "-o", program.toString(), source.toString()));
    return program;
  }

  private void report(List<Round> rounds) throws IOException {
    double tcp = PairStatistics.median(rounds, Round::tcp);
    double mtu = PairStatistics.median(rounds, r -> r.mtu.gbps(MTU_FRAME));
    double gso = PairStatistics.median(rounds, r -> r.gso.gbps(GSO_FRAME));
    double tunnel = PairStatistics.median(rounds, Round::tunnel);
    double small = PairStatistics.median(rounds, r -> r.small.mpps());
    double mtuRatio = PairStatistics.median(rounds, r -> r.mtu.gbps(MTU_FRAME) / r.tcp);
    double gsoRatio = PairStatistics.median(rounds, r -> r.gso.gbps(GSO_FRAME) / r.tcp);
    double smallRatio = PairStatistics.median(rounds, r -> r.small.mpps() / r.tunnel);
    double roundTrip = PairStatistics.median(rounds, Round::roundTripMillis);
    out.printf(
        Locale.ROOT,
        """
        median of %d rounds, transport %s, load %s
          throughput, 1514-byte frames   %6.2f Gbit/s   iperf3 %6.2f Gbit/s   ratio %.2f (aim 0.5)
          throughput, 64 KiB GSO frames  %6.2f Gbit/s   iperf3 %6.2f Gbit/s   ratio %.2f (aim 0.5)
          64-byte frames                 %6.2f Mpps     tunnel %6.2f Mpps     ratio %.2f (aim 2)
          round trip of a small record meanwhile, the worst of the three: %.1f ms
        """,
        rounds.size(),
        options.transport,
        Environment.load(),
        mtu,
        tcp,
        mtuRatio,
        gso,
        tcp,
        gsoRatio,
        small,
        tunnel,
        smallRatio,
        roundTrip);
    if (options.json != null) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("bench", "fabric");
      map.put("transport", options.transport);
      map.put("rounds", rounds.size());
      map.put("tcp_gbps", tcp);
      map.put("fabric_1514_gbps", mtu);
      map.put("fabric_1514_ratio", mtuRatio);
      map.put("fabric_gso_gbps", gso);
      map.put("fabric_gso_ratio", gsoRatio);
      map.put("tunnel_64_mpps", tunnel);
      map.put("fabric_64_mpps", small);
      map.put("fabric_64_ratio", smallRatio);
      map.put("round_trip_ms", roundTrip);
      map.put("environment", Json.environment());
      Files.writeString(options.json, Json.of(map));
    }
  }
}
