package braid.vm;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// TCP by iperf3 between a guest and a peer in a namespace: how fast, and how fair among the flows.
public final class Iperf {
  private static final Pattern LISTENING = Pattern.compile("Server listening");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /// One run.
  ///
  /// @param megabits of each flow, Mbit/s of payload as the receiver saw it
  public record Result(List<Double> megabits) {
    /// Takes a copy.
    public Result {
      megabits = List.copyOf(megabits);
    }

    /// All flows together, Mbit/s.
    public double total() {
      return megabits.stream().mapToDouble(Double::doubleValue).sum();
    }

    /// Jain's fairness index: 1 when all flows got the same, 1/n when one got all.
    public double fairness() {
      double squares = megabits.stream().mapToDouble(m -> m * m).sum();
      return squares == 0 ? 0 : total() * total() / (megabits.size() * squares);
    }
  }

  private Iperf() {}

  /// Starts the server's end; it takes any number of runs, one after another.
  ///
  /// @param testbed owner of the process
  /// @param peer    where it runs
  public static void serve(Testbed testbed, Namespace peer) {
    Child server = testbed.start("iperf3-server", peer, List.of("iperf3", "-s", "--forceflush"));
    server.console().await(LISTENING, PATIENCE);
  }

  /// Runs flows for some seconds.
  ///
  /// @param guest   one end
  /// @param address of the other
  /// @param flows   at the same time
  /// @param seconds that count; two more at the start do not
  /// @param inward  from the peer to the guest
  public static Result run(Guest guest, String address, int flows, int seconds, boolean inward) {
    String script =
        "iperf3 -J -O 2 -t %d -P %d %s -c %s"
            .formatted(seconds, flows, inward ? "-R" : "", address);
    return parse(guest.agent().check(script, PATIENCE));
  }

  static Result parse(String report) {
    JsonObject end = Json.parse(report).asObject().get("end").asObject();
    List<Double> megabits = new ArrayList<>();
    for (JsonValue stream : end.get("streams").asArray()) {
      megabits.add(
          stream.asObject().get("receiver").asObject().getDouble("bits_per_second", 0) / 1e6);
    }
    return new Result(megabits);
  }
}
