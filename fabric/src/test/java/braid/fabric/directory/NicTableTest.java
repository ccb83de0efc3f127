package braid.fabric.directory;

import static braid.fabric.directory.Nics.nic;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NicTableTest {
  private static final Instant THEN = Instant.EPOCH;
  private static final Instant LATER = THEN.plusSeconds(5);

  private final NicTable table = new NicTable(3);

  @Test
  void theVersionGrowsWithEachChangeAndOnlyThen() {
    assertThat(table.map()).isSameAs(NicMap.EMPTY);
    table.members(List.of("a"), null, THEN);
    table.publish("a", 1, 1, List.of(nic("a", "e1"), nic("a", "e0")));
    NicMap first = table.map();
    assertThat(first.version()).isEqualTo(1);
    assertThat(first.nics()).extracting(NicRecord::nic).containsExactly("e0", "e1");
    assertThat(first.expected()).isEqualTo(3);

    table.members(List.of("a"), null, LATER);
    table.publish("a", 1, 2, List.of(nic("a", "e1"), nic("a", "e0")));
    assertThat(table.map()).isSameAs(first);

    table.publish("a", 1, 3, List.of(nic("a", "e0", false, 0), nic("a", "e1")));
    assertThat(table.map().version()).isEqualTo(2);
    assertThat(table.map().find("a", "e0").orElseThrow().carrier()).isFalse();
  }

  @Test
  void twoNodesMayCallTheirNicsTheSame() {
    table.members(List.of("a", "b"), null, THEN);
    table.publish("a", 1, 1, List.of(nic("a", "e0")));
    table.publish("b", 1, 1, List.of(nic("b", "e0", false, 0)));
    assertThat(table.map().nics()).hasSize(2);
    assertThat(table.map().of("b")).singleElement().matches(nic -> !nic.carrier());
  }

  @Test
  void whatComesLateOrTwiceChangesNothing() {
    table.members(List.of("a"), null, THEN);
    assertThat(table.publish("a", 5, 2, List.of(nic("a", "new")))).isTrue();
    assertThat(table.publish("a", 5, 2, List.of(nic("a", "again")))).isFalse();
    assertThat(table.publish("a", 5, 1, List.of(nic("a", "old")))).isFalse();
    assertThat(table.publish("a", 4, 9, List.of(nic("a", "earlier-life")))).isFalse();
    assertThat(table.publish("a", 6, 0, List.of(nic("a", "next-life")))).isTrue();
    assertThat(table.map().nics()).extracting(NicRecord::nic).containsExactly("next-life");
  }

  @Test
  void aNodeIsShownWhenItIsSeenWhicheverNewsComesFirst() {
    table.publish("b", 1, 1, List.of(nic("b", "e0")));
    assertThat(table.map().nics()).isEmpty();
    table.members(List.of("a", "b"), null, THEN);
    assertThat(table.map().nics()).hasSize(1);
    table.members(List.of("a"), null, THEN);
    assertThat(table.map().nics()).isEmpty();
  }

  @Test
  void withoutMajorityTheLastKnownStaysAndTheMapSaysSince() {
    table.members(List.of("a", "b", "c"), null, THEN);
    table.publish("b", 1, 1, List.of(nic("b", "e0")));
    table.members(List.of("a", "b"), null, THEN);
    table.members(List.of("a"), "no majority: 1 of 3 members", LATER);
    NicMap stale = table.map();
    assertThat(stale.stale()).isTrue();
    assertThat(stale.staleness()).isEqualTo(new Staleness("no majority: 1 of 3 members", LATER));
    assertThat(stale.nics()).singleElement().matches(nic -> !stale.seen(nic));

    table.members(List.of("a"), "another reason", LATER.plusSeconds(1));
    assertThat(table.map().staleness()).isEqualTo(new Staleness("another reason", LATER));

    table.members(List.of("a", "c"), null, LATER.plusSeconds(9));
    assertThat(table.map().stale()).isFalse();
    assertThat(table.map().nics()).isEmpty();
  }

  @Test
  void aNodeWhoseClockWentBackIsHeardAgain() {
    table.members(List.of("a", "b"), null, THEN);
    table.publish("b", 1000, 7, List.of(nic("b", "e0")));
    table.members(List.of("a"), "no majority", THEN);
    table.forget("b");
    assertThat(table.map().of("b")).isEmpty();
    assertThat(table.publish("b", 3, 1, List.of(nic("b", "e1")))).isTrue();
    assertThat(table.map().of("b")).extracting(NicRecord::nic).containsExactly("e1");
  }

  @Test
  void moreNodesThanTheLimitAreNotKept() {
    for (int i = 0; i < NicTable.NODES_MAX; i++) {
      assertThat(table.publish("n" + i, 1, 1, List.of())).isTrue();
    }
    assertThat(table.publish("one-more", 1, 1, List.of())).isFalse();
    assertThat(table.publish("n0", 1, 2, List.of())).isTrue();
  }

  @Test
  void inWhateverOrderTheNewsComesAllNodesEndWithOneMap() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<Publication> news = new ArrayList<>();
    for (int node = 0; node < 4; node++) {
      for (int sequence = 1; sequence <= 5; sequence++) {
        news.add(
            new Publication(
                "n" + node, 1, sequence, List.of(nic("n" + node, "e" + random.nextInt(9)))));
      }
    }
    List<NicRecord> expected = null;
    for (int run = 0; run < 200; run++) {
      NicTable any = new NicTable(4);
      List<Publication> order = new ArrayList<>(news);
      order.addAll(news.subList(0, random.nextInt(news.size())));
      Collections.shuffle(order, random);
      order.forEach(any::publish);
      any.members(List.of("n0", "n1", "n2", "n3"), null, THEN);
      List<NicRecord> nics = any.map().nics();
      expected = expected == null ? nics : expected;
      assertThat(nics).as("seed %d", seed).isEqualTo(expected);
    }
  }
}
