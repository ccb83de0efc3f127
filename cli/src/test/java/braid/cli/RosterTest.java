package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;

import braid.fabric.directory.Endpoint;
import braid.fabric.directory.NicMap;
import braid.fabric.directory.NicRecord;
import braid.fabric.directory.Staleness;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RosterTest {
  private static NicRecord nic(String node, String name, boolean lent) {
    return new NicRecord(
        node,
        name,
        1,
        "tap",
        0,
        true,
        1500,
        List.of(),
        0,
        lent ? new Endpoint("10.0.0.9", 7440) : null,
        List.of());
  }

  private static NicMap map(NicRecord... nics) {
    return new NicMap(1, List.of("a", "b", "c"), 0, List.of(nics), List.of(), null);
  }

  private static Set<String> wanted(String members, List<String> own, NicMap map) {
    return Roster.wanted(BondSpec.option("x=" + members), "a", own, map).keySet();
  }

  private static final NicMap ALL =
      map(
          nic("a", "a0", true),
          nic("b", "b0", true),
          nic("b", "b1", false),
          nic("c", "c0", true),
          nic("c", "b0", true));

  @Test
  void patternsNameWhatTheySay() {
    List<String> own = List.of("a0", "a1");
    assertThat(wanted("a0", own, ALL)).containsExactly("a0");
    assertThat(wanted("a/a1", own, ALL)).containsExactly("a1");
    assertThat(wanted("a0+b/b0", own, ALL)).containsExactly("a0", "b/b0");
    assertThat(wanted("c/*", own, ALL)).containsExactlyInAnyOrder("c/c0", "c/b0");
    assertThat(wanted("*/b0", own, ALL)).containsExactlyInAnyOrder("b/b0", "c/b0");
    assertThat(wanted("*", own, ALL)).containsExactlyInAnyOrder("a0", "a1", "b/b0", "c/c0", "c/b0");
  }

  @Test
  void whatNobodyLendsOrHasIsNotWanted() {
    assertThat(wanted("b/b1+d/d0", List.of(), ALL)).isEmpty();
    assertThat(wanted("*", List.of(), NicMap.EMPTY)).isEmpty();
  }

  @Test
  void ourOwnNicIsNeverReachedThroughTheFabric() {
    assertThat(wanted("*", new ArrayList<>(), ALL)).doesNotContain("a/a0", "a0");
  }

  @Test
  void aStaleMapTakesNobodyOutAndAFreshOneOnlyTheDead() {
    NicMap stale =
        new NicMap(
            2, List.of("a"), 3, List.of(), List.of(), new Staleness("1 of 3", Instant.EPOCH));
    assertThat(Roster.mayGo(stale, true, false)).as("stale").isFalse();
    assertThat(Roster.mayGo(ALL, true, true)).as("its session lives").isFalse();
    assertThat(Roster.mayGo(ALL, true, false)).as("gone and dead").isTrue();
    assertThat(Roster.mayGo(stale, false, true)).as("the configuration wants it no more").isTrue();
  }
}
