package braid.ssi;

import static braid.ssi.AdSelect.BANDWIDTH;
import static braid.ssi.AdSelect.COUNT;
import static braid.ssi.AdSelect.STABLE;
import static braid.ssi.Aggregate.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AggregateTest {
  private static Aggregate partner(int system, int ready, long bandwidth, boolean inUse) {
    return new Aggregate(
        new Aggregate.Lag(9, 1, system, 9, 0), true, false, inUse, ready, bandwidth);
  }

  private static Aggregate lone(int port, int ready) {
    return new Aggregate(
        new Aggregate.Lag(9, 0, 0, 0, port), false, false, false, ready, ready * 1000L);
  }

  private static int choose(AdSelect select, int linksNeeded, int current, Aggregate... all) {
    return Aggregate.choose(List.of(all), current, linksNeeded, select);
  }

  @ParameterizedTest
  @EnumSource
  void withNothingToChooseNothingIsChosen(AdSelect select) {
    assertThat(choose(select, 1, NONE)).isEqualTo(NONE);
  }

  @ParameterizedTest
  @EnumSource
  void aPartnerBeatsNoneAndAGroupBeatsALoneLink(AdSelect select) {
    assertThat(choose(select, 1, NONE, lone(1, 1), partner(7, 1, 10, false))).isEqualTo(1);
    assertThat(choose(select, 1, 0, lone(1, 1), partner(7, 1, 10, false))).isEqualTo(1);
    Aggregate loneWithPartner =
        new Aggregate(new Aggregate.Lag(9, 1, 5, 9, 3), true, false, false, 1, 9999);
    assertThat(choose(select, 1, NONE, loneWithPartner, partner(7, 1, 10, false))).isEqualTo(1);
    assertThat(choose(select, 1, NONE, lone(1, 1), loneWithPartner)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void whatCouldCarryTrafficAtOnceBeatsWhatCouldNot(AdSelect select) {
    assertThat(choose(select, 1, NONE, partner(7, 0, 0, false), lone(1, 1))).isEqualTo(1);
  }

  @Test
  void bandwidthAndCountChooseByTheirName() {
    Aggregate wide = partner(7, 1, 10_000, false);
    Aggregate many = partner(8, 3, 3_000, false);
    assertThat(choose(BANDWIDTH, 1, 1, wide, many)).isEqualTo(0);
    assertThat(choose(STABLE, 1, NONE, many, wide)).isEqualTo(1);
    assertThat(choose(COUNT, 1, 0, wide, many)).isEqualTo(1);
    assertThat(choose(COUNT, 1, NONE, partner(7, 3, 30, false), many)).isEqualTo(1);
  }

  @Test
  void stableStaysWhileItsAggregatorWorks() {
    Aggregate used = partner(7, 1, 1_000, true);
    Aggregate better = partner(8, 3, 3_000, false);
    assertThat(choose(STABLE, 1, 1, better, used)).isEqualTo(1);
    assertThat(choose(STABLE, 1, 1, better, partner(7, 1, 1_000, false)))
        .as("not in use yet")
        .isEqualTo(0);
    assertThat(choose(STABLE, 1, 1, better, partner(7, 0, 0, true)))
        .as("its partner is silent")
        .isEqualTo(0);
  }

  @ParameterizedTest
  @EnumSource
  void amongEqualsTheOneInUseStays(AdSelect select) {
    Aggregate used = partner(8, 2, 2_000, true);
    assertThat(choose(select, 1, 1, partner(7, 2, 2_000, false), used)).isEqualTo(1);
    assertThat(choose(select, 1, 1, lone(1, 1), lone(2, 1))).isEqualTo(1);
    assertThat(choose(select, 1, NONE, lone(1, 1), lone(2, 1))).isEqualTo(0);
  }

  @ParameterizedTest
  @EnumSource
  void whatMeetsMinLinksComesFirst(AdSelect select) {
    Aggregate wide = partner(7, 1, 100_000, true);
    Aggregate enough = partner(8, 2, 2_000, false);
    assertThat(choose(select, 2, 0, wide, enough)).isEqualTo(1);
    assertThat(choose(select, 3, 0, wide, partner(8, 2, 2_000, false)))
        .as("neither does")
        .isEqualTo(select == COUNT ? 1 : 0);
  }

  @Test
  void badSettingsAreRefusedByName() {
    assertThatThrownBy(() -> new LacpConfig(LacpRate.FAST, true, 65, STABLE, 1, 0))
        .hasMessage("min-links is 0 to 64, not 65");
    assertThatThrownBy(() -> new LacpConfig(LacpRate.FAST, true, 0, STABLE, 0, 0))
        .hasMessageContaining("lacp-system-priority");
    assertThatThrownBy(() -> new LacpConfig(LacpRate.FAST, true, 0, STABLE, 1, 1024))
        .hasMessageContaining("lacp-key");
  }
}
