package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BondConfigTest {
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
