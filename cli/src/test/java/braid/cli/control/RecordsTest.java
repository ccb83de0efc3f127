package braid.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.eclipsesource.json.Json;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordsTest {
  @Test
  void aWholeNodeSurvivesTheWay() {
    try (TestNode node = new TestNode()) {
      NodeView.Status status = node.status();
      String line = Records.toJson(status).toString();
      assertThat(line).doesNotContain("\n");
      assertThat(Records.fromJson(NodeView.Status.class, Json.parse(line))).isEqualTo(status);
      assertThat(Records.fromJson(NodeView.NicMap.class, Records.toJson(node.nics())))
          .isEqualTo(node.nics());
    }
  }

  @Test
  void keysAreSnakeCaseAndConstantsKebabCase() {
    NodeView.Port port =
        new NodeView.Port("a0", NodeView.PortKind.NIC, true, 1000, Map.of("tx_drop_full", 3L));
    assertThat(Records.toJson(port))
        .hasToString(
            "{\"name\":\"a0\",\"kind\":\"nic\",\"up\":true,\"speed_mbps\":1000,"
                + "\"counters\":{\"tx_drop_full\":3}}");
    assertThat(Records.kebab("ActiveChanged")).isEqualTo("active-changed");
  }

  @Test
  void whatAnOlderOrNewerNodeSaysIsUnderstood() {
    NodeView.NicMap map =
        Records.fromJson(NodeView.NicMap.class, Json.parse("{\"version\":3,\"colour\":\"green\"}"));
    assertThat(map).isEqualTo(new NodeView.NicMap(3, false, "", Instant.EPOCH, List.of()));
  }

  @Test
  void aValueOfAnotherTypeIsRefusedByItsPlace() {
    assertThatThrownBy(
            () ->
                Records.fromJson(
                    NodeView.NicMap.class, Json.parse("{\"nics\":[{\"mtu\":\"large\"}]}")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NicMap.nics[].mtu")
        .hasMessageContaining("large");
    assertThatThrownBy(() -> Records.fromJson(NodeView.NicMap.class, Json.parse("[]")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Records.fromJson(NodeView.NicMap.class, Json.parse("{\"nics\":{}}")))
        .hasMessageContaining("not an array");
    assertThatThrownBy(
            () -> Records.fromJson(NodeView.Port.class, Json.parse("{\"kind\":\"toaster\"}")))
        .hasMessageContaining("Port.kind");
  }
}
