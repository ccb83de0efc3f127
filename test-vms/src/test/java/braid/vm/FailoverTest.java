package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The main job, end to end: a guest with our driver behind an emulated VT-d, two node processes,
/// every kind of fault and its repair. How long it took is the demo's business, not the test's.
@Tag("real")
class FailoverTest {
  private static final int TCP_MEGABYTES = 10;

  @Test
  void ssi0OutlivesACableANodeProcessAndASilentPathAndGoesBackAfterEach() {
    JsonObject result =
        new FailoverDemo(System.out, TCP_MEGABYTES)
            .run(Path.of("target", "logs", "failover"), 1, List.of());

    assertThat(result.get("tcp").asObject().getBoolean("sha256_equal", false)).isTrue();
    assertThat(result.get("tcp").asObject().getLong("bytes", 0))
        .isGreaterThan(2 * TCP_MEGABYTES * 1_000_000L);
    List<JsonObject> faults =
        result.get("faults").asArray().values().stream().map(JsonValue::asObject).toList();
    assertThat(faults.stream().map(fault -> fault.getString("name", "")))
        .contains(
            "carrier off",
            "fail-back from carrier off",
            "kill -9",
            "fail-back from kill -9",
            "silent blackhole",
            "fail-back from silent blackhole");
    assertThat(faults)
        .allSatisfy(
            fault -> {
              assertThat(fault.getLong("sent", 0)).isPositive();
              assertThat(fault.getLong("lost", -1)).isLessThan(fault.getLong("sent", 0) / 2);
            });
  }
}
