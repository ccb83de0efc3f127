package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The cluster, end to end, in short: three nodes' NICs as one NIC of an unmodified guest, and each
/// kind of fault once. How fast and how long is the demo's business, not the test's.
@Tag("real")
class ClusterTest {
  @Test
  void aGuestsOneNicUsesThreeNodesNicsAndOutlivesEachFault() {
    JsonObject result =
        new ClusterDemo(System.out, ClusterDemo.Extent.SHORT)
            .run(Path.of("target", "logs", "cluster"));

    assertThat(result.get("tcp").asObject().getBoolean("sha256_equal", false)).isTrue();
    assertThat(result.get("throughput").asArray().get(0).asObject().getDouble("value", 0))
        .as("more than one uplink could carry, in line rates")
        .isGreaterThan(1.2);
    List<JsonObject> faults =
        result.get("faults").asArray().values().stream().map(JsonValue::asObject).toList();
    assertThat(faults.stream().map(fault -> fault.getString("name", "")))
        .containsExactly(
            "no fault (floor)",
            "carrier off a0",
            "carrier back a0",
            "silence behind a0",
            "silence ends a0",
            "kill -9 of node b",
            "node b joins again",
            "fabric cut a-c",
            "fabric a-c mended",
            "directory's majority lost (kill b, c)",
            "b and c join again",
            "drain of b/b0",
            "removal of b/b0");
    assertThat(faults)
        .allSatisfy(
            fault -> {
              assertThat(fault.getLong("sent", 0)).isPositive();
              assertThat(fault.getLong("lost", -1)).isLessThan(fault.getLong("sent", 0) / 2);
            });
  }
}
