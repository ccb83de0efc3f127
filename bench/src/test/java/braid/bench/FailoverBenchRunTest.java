package braid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `bench failover` in short: DPDK's bond over Open vSwitch and ours below an application of DPDK
/// come through a fault of each kind that they can notice. How long it takes is the bench's
/// business.
@Tag("real")
class FailoverBenchRunTest {
  @Test
  void eachContenderComesThroughEachFaultAndIsInTheReport(@TempDir Path directory)
      throws IOException {
    Path json = directory.resolve("failover.json");

    int exit =
        new FailoverBench(
                FailoverOptions.parse(
                    List.of(
                        "--faults", "1", "--contenders", "dpdk,braid-dpdk", "--json", "" + json)),
                System.out)
            .run();

    assertThat(exit).isZero();
    List<String> rows =
        Json.parse(Files.readString(json)).asObject().get("results").asArray().values().stream()
            .map(JsonValue::asObject)
            .filter(row -> row.getInt("faults", 0) == 1)
            .map(row -> row.getString("contender", "") + ": " + row.getString("fault", ""))
            .toList();
    assertThat(rows)
        .contains(
            "DPDK net_bonding, Open vSwitch: kill -9",
            "Braid, bond below a DPDK process: carrier off",
            "Braid, bond below a DPDK process: kill -9",
            "Braid, bond below a DPDK process: silent blackhole");
  }
}
