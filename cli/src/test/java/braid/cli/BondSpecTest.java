package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.ssi.BondConfig;
import braid.ssi.BondMode;
import braid.ssi.Carrier;
import braid.ssi.CcmInterval;
import braid.ssi.Continuity;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BondSpecTest {
  @Test
  void withoutAWordItIsTheDefaultWithAFasterContinuityCheck() {
    assertThat(BondSpec.option("b=a0").settings())
        .isEqualTo(BondConfig.DEFAULT.withMonitors(Continuity.GUEST.every(CcmInterval.MS_3_33)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "b=a0",
        "b=a0+b/*,priorities=a0:10,primary=a0,reselect=better,hold=1s,hold-max=2s,flap=0",
        "b=*,ccm=10ms,arp-target=10.0.0.1,arp-interval=20ms,arp-missed=5",
        "b=a0,ns-target=fd00::1,monitors=ns",
        "b=a0,monitors=carrier",
        "b=a0,mode=balance-rr,frames-per-member=0,lag=on",
        "b=a0,mode=balance-xor,hash=encap3+4",
        "b=a0,mode=broadcast,announce-count=0,announce-interval=50ms,grace=2s",
        "b=a0,mode=balance-tlb,flowlet-gap=1500us",
        "b=a0,mode=flowlet,flowlet-gap=10us,local-first=off,local-full=50",
        "b=a0,mode=802.3ad,lacp-rate=fast,lacp-active=off,min-links=2,ad-select=count,lacp-key=7,lacp-system-priority=1"
      })
  void itsKeysSayWhatItIs(String option) {
    BondSpec bond = BondSpec.option(option);
    assertThat(bond.with(Map.of())).isEqualTo(bond);
  }

  @Test
  void onlyTheCarrierIsAMonitorToo() {
    assertThat(BondSpec.option("b=a0,monitors=carrier").settings().health().monitors())
        .containsExactly(Carrier.ONLY);
  }

  @Test
  void oneKeyChangesAndAnEmptyValueTakesOneOut() {
    BondSpec bond = BondSpec.option("b=a0+a1,primary=a0");
    assertThat(bond.with(Map.of("primary", "a1")).settings().choice().primary()).isEqualTo("a1");
    assertThat(bond.with(Map.of("primary", "")).settings().choice().primary()).isEmpty();
    assertThatThrownBy(() -> bond.with(Map.of("primary", "c9")))
        .hasMessageContaining("which is no member");
    assertThatThrownBy(() -> bond.with(Map.of("prmary", "a0")))
        .hasMessageContaining("Did you mean 'primary'?");
  }

  @Test
  void aModeLeavesTheKeysOfTheOldOneBehind() {
    BondSpec flowlet = BondSpec.option("b=a0,mode=flowlet,flowlet-gap=1ms,local-full=10");
    BondSpec xor = flowlet.with(Map.of("mode", "balance-xor"));
    assertThat(xor.settings().mode()).isEqualTo(BondMode.BALANCE_XOR);
    assertThat(xor.texts()).doesNotContainKey("flowlet-gap").containsKey("hash");
    assertThatThrownBy(() -> flowlet.with(Map.of("mode", "best")))
        .hasMessageContaining("Choose one of active-backup");
  }

  @Test
  void aNicThatGoesLeavesNoTrace() {
    BondSpec bond = BondSpec.option("b=a0+a1+b/a0,primary=a0,priorities=a0:3+a1:2");
    BondSpec left = bond.without("a0");
    assertThat(left.members()).hasToString("[a1, b/a0]");
    assertThat(left.priorities()).containsOnlyKeys("a1");
    assertThat(left.settings().choice().primary()).isEmpty();
  }
}
