package braid.fabric.directory;

import static braid.fabric.directory.Nics.nic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.eclipsesource.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NicMapTextTest {
  private static final NicMap MAP =
      new NicMap(
          17,
          List.of("a"),
          3,
          List.of(nic("a", "e0", true, 40), nic("b", "e0", false, 40)),
          List.of(new Ownership(0x0200_5e00_0001L, "a", 4)),
          new Staleness("no majority: 1 of 3 members", Instant.EPOCH));

  @Test
  void theTableSaysWhetherItIsOld() {
    List<String> lines = NicMapText.of(MAP).lines().toList();
    assertThat(lines.get(0))
        .startsWith("STALE since 1970-01-01T00:00:00Z: no majority: 1 of 3 members.");
    assertThat(lines.get(1)).isEqualTo("Version 17, 1 of 3 nodes: a");
    assertThat(lines.get(2)).startsWith("NODE  NIC  KIND  MAC ");
    assertThat(lines.get(3)).contains(" up ", "1000 Mbit/s", "40 %", "csum,tso", "127.0.0.1:7900");
    assertThat(lines.get(4)).contains("was down").doesNotContain("40 %");
    assertThat(lines.get(7)).isEqualTo("02:00:5e:00:00:01  a      4");
  }

  @Test
  void anEmptyMapIsATableToo() {
    assertThat(NicMapText.of(NicMap.EMPTY)).startsWith("Version 0, 0 nodes: \nNODE");
  }

  @Test
  void jsonCarriesTheSame() {
    JsonObject json = NicMapJson.of(MAP);
    assertThat(json.getBoolean("stale", false)).isTrue();
    assertThat(json.getString("since", "")).isEqualTo("1970-01-01T00:00:00Z");
    JsonObject b = json.get("nics").asArray().get(1).asObject();
    assertThat(b.getBoolean("seen", true)).isFalse();
    assertThat(b.getString("node", "")).isEqualTo("b");
    assertThat(b.getString("fabric_address", "")).isEqualTo("127.0.0.1:7900");
    assertThat(json.get("owners").asArray().get(0).asObject().getLong("token", 0)).isEqualTo(4);
    assertThat(NicMapJson.of(NicMap.EMPTY).get("reason").isNull()).isTrue();
  }

  @Test
  void aPublicationComesBackAsItWas() {
    Publication said =
        new Publication("a", 7, 8, List.of(nic("a", "e0"), nic("a", "e1", false, 99)));
    assertThat(Publication.parse(said.bytes())).isEqualTo(said);
  }

  @Test
  void whatIsNoPublicationIsRefusedWithAReason() {
    String good =
        new String(
            new Publication("a", 7, 8, List.of(nic("a", "e0"))).bytes(), StandardCharsets.UTF_8);
    List<String> bad =
        new ArrayList<>(
            List.of(
                "",
                "{",
                "[]",
                "7",
                "{}",
                "[".repeat(100_000),
                good.replace("\"format\":1", "\"format\":2"),
                good.replace("\"format\":1", "\"format\":\"1\""),
                good.replace("\"sequence\":8", "\"sequence\":1.5"),
                good.replace("1500", "67"),
                good.replace("1500", "99999999999"),
                good.replace("true", "1"),
                good.replace("\"tap\"", "\"t p\""),
                good.replace("\"vm1\"", "7"),
                good.replace("02:00", "2:00"),
                good.replace("127.0.0.1:7900", "127.0.0.1"),
                good.replace("\"e0\"", "\"" + "x".repeat(64) + "\""),
                good.replace("\"e0\"", "\"\\u001b[2J\"")));
    for (int cut = 0; cut < good.length(); cut += 3) {
      bad.add(good.substring(0, cut));
    }
    for (String text : bad) {
      assertThatThrownBy(() -> Publication.parse(text.getBytes(StandardCharsets.UTF_8)))
          .as(text.length() > 500 ? text.length() + " characters" : text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aNodePublishesOnlyItsOwnNicsEachOnce() {
    assertThatThrownBy(() -> Publication.check("a", List.of(nic("b", "e0"))))
        .hasMessage("node a cannot publish e0 of node b");
    assertThatThrownBy(() -> Publication.check("a", List.of(nic("a", "e0"), nic("a", "e0"))))
        .hasMessage("node a has two NICs called e0");
  }

  @Test
  void addressesAreReadAndWritten() {
    for (String text : List.of("10.0.0.1:1", "node-a.lab:65535", "[fe80::1]:7")) {
      assertThat(Endpoint.parse(text).toString()).isEqualTo(text);
    }
    for (String text :
        List.of("", "a", ":1", "a:", "a:0", "a:65536", "fe80::1:7", "a b:1", "[]:1")) {
      assertThatThrownBy(() -> Endpoint.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
