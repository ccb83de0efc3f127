package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BondConfigTest {
  private static final long MS = 1_000_000;

  @Test
  void theDefaultsAreValidAndMonitor() {
    assertThat(BondConfig.DEFAULT.health().monitors()).containsExactly(Continuity.GUEST);
  }

  @Test
  void theErrorNamesTheKeyAndTheRange() {
    assertThatThrownBy(() -> BondConfig.DEFAULT.withHold(-1, 0, 0))
        .hasMessageStartingWith("hold is 0 to");
    assertThatThrownBy(() -> BondConfig.DEFAULT.withHold(5, 4, 0))
        .hasMessageStartingWith("hold-max is 5 to");
    assertThatThrownBy(() -> BondConfig.DEFAULT.withAnnouncements(11, 1_000_000))
        .hasMessageStartingWith("announce-count is 0 to 10, not 11");
  }

  @Test
  void everyDefaultIsAsDocumented() {
    assertThat(BondConfig.DEFAULT)
        .isEqualTo(
            new BondConfig(
                BondMode.ACTIVE_BACKUP,
                new BondConfig.Choice("", Reselect.ALWAYS),
                new BondConfig.Balance(HashPolicy.LAYER3_4, 1, 50 * MS, true, 80, false),
                LacpConfig.DEFAULT,
                new BondConfig.Health(List.of(Continuity.GUEST), 500 * MS, 30_000 * MS, 5_000 * MS),
                new BondConfig.Announce(3, 100 * MS, 1_000 * MS)));
  }

  static Stream<Arguments> ranges() {
    BondConfig basis = BondConfig.DEFAULT;
    return Stream.of(
        range("frames-per-member", v -> basis.withFramesPerMember(v.intValue()), 0, 65_535),
        range("flowlet-gap", basis::withFlowletGap, 10_000, 10_000 * MS),
        range("local-full", v -> basis.withLocalFirst(true, v.intValue()), 1, 100),
        range("hold", v -> basis.withHold(v, 3_600_000 * MS, 0), 0, 3_600_000 * MS),
        range("hold-max", v -> basis.withHold(7, v, 0), 7, 3_600_000 * MS),
        range("flap", v -> basis.withHold(0, 0, v), 0, 3_600_000 * MS),
        range("announce-count", v -> basis.withAnnouncements(v.intValue(), MS), 0, 10),
        range("announce-interval", v -> basis.withAnnouncements(1, v), MS, 10_000 * MS),
        range("grace", basis::withGrace, 0, 60_000 * MS),
        range("distance", v -> distance(basis, v.intValue()), 0, 255));
  }

  private static BondConfig distance(BondConfig basis, int distance) {
    assertThat(new MemberConfig("m", 2, 0, distance).distance()).isEqualTo(distance);
    return basis;
  }

  private static Arguments range(
      String option, Function<Long, BondConfig> with, long least, long most) {
    return Arguments.of(option, with, least, most);
  }

  @ParameterizedTest(name = "{0}: {2} to {3}")
  @MethodSource("ranges")
  void anOptionIsTakenWithinItsRangeAndRefusedBeyond(
      String option, Function<Long, BondConfig> with, long least, long most) {
    assertThat(with.apply(least)).isNotNull();
    assertThat(with.apply(most)).isNotNull();
    for (long wrong : new long[] {least - 1, most + 1}) {
      assertThatThrownBy(() -> with.apply(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(option + " is " + least + " to " + most + ", not " + wrong);
    }
  }

  @Test
  void eachWithChangesItsOptionAlone() {
    BondConfig all =
        BondConfig.DEFAULT
            .withMode(BondMode.FLOWLET)
            .withPrimary("p")
            .withReselect(Reselect.BETTER)
            .withHashPolicy(HashPolicy.LAYER2)
            .withFramesPerMember(9)
            .withFlowletGap(MS)
            .withLocalFirst(false, 33)
            .withLag(true)
            .withLacp(new LacpConfig(LacpRate.FAST, false, 2, AdSelect.COUNT, 9, 8))
            .withMonitors(Carrier.ONLY)
            .withHold(1, 2, 3)
            .withAnnouncements(5, 6 * MS)
            .withGrace(7);
    assertThat(all)
        .isEqualTo(
            new BondConfig(
                BondMode.FLOWLET,
                new BondConfig.Choice("p", Reselect.BETTER),
                new BondConfig.Balance(HashPolicy.LAYER2, 9, MS, false, 33, true),
                new LacpConfig(LacpRate.FAST, false, 2, AdSelect.COUNT, 9, 8),
                new BondConfig.Health(List.of(Carrier.ONLY), 1, 2, 3),
                new BondConfig.Announce(5, 6 * MS, 7)));
  }

  @Test
  void noMonitorAtAllIsRefusedAndCarrierAloneMustBeSaid() {
    assertThatThrownBy(() -> BondConfig.DEFAULT.withMonitors())
        .hasMessageStartingWith("monitors names none: choose of carrier");
    assertThat(BondConfig.DEFAULT.withMonitors(Carrier.ONLY).health().monitors()).hasSize(1);
    assertThat(
            BondConfig.DEFAULT
                .withMonitors(Carrier.ONLY, Continuity.GUEST, ArpTarget.of("10.0.0.1"))
                .health()
                .monitors())
        .hasSize(3);
  }

  @Test
  void twoTargetsOrTwoContinuityChecksAreRefused() {
    assertThatThrownBy(() -> BondConfig.DEFAULT.withMonitors(Continuity.GUEST, Continuity.NODE))
        .hasMessageContaining("one continuity check and one target at most");
    assertThatThrownBy(
            () ->
                BondConfig.DEFAULT.withMonitors(
                    ArpTarget.of("10.0.0.1"), NsTarget.of("2001:db8::1")))
        .hasMessageContaining("one continuity check and one target at most");
    assertThatThrownBy(
            () ->
                BondConfig.DEFAULT.withMonitors(ArpTarget.of("10.0.0.1"), ArpTarget.of("10.0.0.2")))
        .hasMessageContaining("one target at most");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10.0.0", "10.0.0.1.2", "256.0.0.1", "a.b.c.d", "1.2.3.-4", "1..2.3"})
  void aTargetThatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> ArpTarget.of(text)).hasMessageContaining("not an IPv4 address");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "224.0.0.1", "255.255.255.255"})
  void aTargetThatIsNoHostIsRefused(String text) {
    assertThatThrownBy(() -> ArpTarget.of(text)).hasMessageContaining("is a host's address");
  }

  @Test
  void anAddressIsReadInNetworkOrder() {
    assertThat(ArpTarget.of("10.1.2.3").address()).isEqualTo(0x0a01_0203);
    assertThat(ArpTarget.of("192.168.0.255").address()).isEqualTo(0xc0a8_00ff);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "::", "::1", "ff02::1", "10.0.0.1", "2001:db8::x", "example.org"})
  void anIpv6TargetThatIsNoHostIsRefused(String text) {
    assertThatThrownBy(() -> NsTarget.of(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void continuityRangesAreChecked() {
    assertThatThrownBy(() -> new Continuity(CcmInterval.S_1, "braid", 8, 1))
        .hasMessageContaining("level is 0 to 7");
    assertThatThrownBy(() -> new Continuity(CcmInterval.S_1, "braid", 0, 0))
        .hasMessageContaining("mep-id is 1 to 8191");
    assertThatThrownBy(() -> new Continuity(CcmInterval.S_1, "", 0, 1))
        .hasMessageContaining("maid");
    assertThatThrownBy(() -> new Continuity(CcmInterval.S_1, "x".repeat(46), 0, 1))
        .hasMessageContaining("maid");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 0x0100_0000_0000L, 0x1_0000_0000_0000L, 0xffff_ffff_ffffL})
  void aMemberNeedsAUnicastMac(long mac) {
    assertThatThrownBy(() -> new MemberConfig("m", mac, 0, 0)).hasMessageContaining("unicast MAC");
  }

  @Test
  void aMemberNeedsAName() {
    assertThatThrownBy(() -> new MemberConfig(" ", 2, 0, 0)).hasMessageContaining("name");
  }
}
