package braid.ssi;

import static braid.ssi.SwitchRig.A;
import static braid.ssi.SwitchRig.ALL;
import static braid.ssi.SwitchRig.B;
import static braid.ssi.SwitchRig.C;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.counted;
import static braid.ssi.SwitchRig.frame;
import static braid.ssi.SwitchRig.tagged;
import static braid.ssi.SwitchRig.withTag;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Frame;
import braid.port.Port;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SwitchVlanTest {
  @RegisterExtension final Pools pools = new Pools();
  private final SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  private final Switch hub = rig.hub;
  private final Port net = rig.net;
  private final Port a = hub.attach("a", EndConfig.guest(A).vlan(5));
  private final Port b = hub.attach("b", EndConfig.guest(B).vlan(5));
  private final Port other = hub.attach("other", EndConfig.guest(C).vlan(6));
  private final Port trunk = hub.attach("trunk", EndConfig.OPEN);

  @AfterEach
  void empty() {
    rig.close();
  }

  private void assertOne(Port end, byte[] expected) {
    assertThat(rig.take(end)).as("at %s", end.name()).containsExactly(expected);
  }

  @Test
  void aGuestsFramesAreTaggedTowardsTheNetwork() {
    rig.send(a, frame(FAR, A, 1));
    assertOne(net, tagged(5, frame(FAR, A, 1)));
    rig.assertSilence();
  }

  @Test
  void theTagIsTakenOutTowardsTheGuest() {
    rig.send(net, tagged(0x6005, frame(A, FAR, 1)));
    assertOne(a, frame(A, FAR, 1));
    rig.assertSilence();
  }

  @Test
  void betweenTwoGuestsOfAVlanNothingIsTagged() {
    rig.send(a, frame(B, A, 1));
    assertOne(b, frame(B, A, 1));
    rig.assertSilence();
  }

  @Test
  void vlansAreApart() {
    rig.send(other, frame(A, C, 1));
    assertOne(net, tagged(6, frame(A, C, 1)));
    rig.send(net, tagged(6, frame(A, FAR, 2)));
    // To a trunk it may be somebody else's, never to a.
    assertOne(trunk, tagged(6, frame(A, FAR, 2)));
    rig.send(net, frame(A, FAR, 3));
    assertOne(trunk, frame(A, FAR, 3));
    rig.assertSilence();
  }

  @Test
  void aBroadcastStaysInItsVlan() {
    rig.send(a, frame(ALL, A, 1));
    assertOne(net, tagged(5, frame(ALL, A, 1)));
    assertOne(b, frame(ALL, A, 1));
    assertOne(trunk, tagged(5, frame(ALL, A, 1)));
    rig.assertSilence();
    rig.send(net, tagged(5, frame(ALL, FAR, 2)));
    assertOne(a, frame(ALL, FAR, 2));
    assertOne(b, frame(ALL, FAR, 2));
    assertOne(trunk, tagged(5, frame(ALL, FAR, 2)));
    rig.assertSilence();
    rig.send(net, frame(ALL, FAR, 3));
    assertOne(trunk, frame(ALL, FAR, 3));
    rig.assertSilence();
  }

  @Test
  void aGuestMayNotTagItself() {
    rig.send(a, tagged(5, frame(FAR, A, 1)), tagged(6, frame(C, A, 2)));
    rig.send(a, withTag(0x88a8, 6, frame(C, A, 3)), withTag(0x9100, 6, frame(C, A, 4)));
    rig.assertSilence();
    assertThat(counted(a, "tx_drop_tagged")).isEqualTo(4);
    Port plain = hub.attach("plain", EndConfig.guest(A + 1));
    rig.send(plain, tagged(5, frame(A, A + 1, 1)));
    rig.assertSilence();
    assertThat(counted(plain, "tx_drop_tagged")).isEqualTo(1);
  }

  @Test
  void aPriorityTagTakesTheVlanAndKeepsThePriority() {
    rig.send(a, tagged(0xa000, frame(FAR, A, 1)));
    assertOne(net, tagged(0xa005, frame(FAR, A, 1)));
    rig.send(a, tagged(0xa000, frame(B, A, 1)));
    assertOne(b, frame(B, A, 1));
    Port plain = hub.attach("plain", EndConfig.guest(A + 1));
    rig.send(plain, tagged(0xa000, frame(FAR, A + 1, 1)));
    assertOne(net, tagged(0xa000, frame(FAR, A + 1, 1)));
    rig.send(net, tagged(0xa000, frame(A + 1, FAR, 1)));
    assertOne(plain, frame(A + 1, FAR, 1));
    rig.assertSilence();
  }

  @Test
  void theReservedIdentifierIsRefused() {
    rig.send(net, tagged(4095, frame(A, FAR, 1)));
    rig.send(trunk, tagged(4095, frame(A, FAR, 1)));
    rig.assertSilence();
    assertThat(counted(net, "tx_drop_vlan_invalid")).isEqualTo(1);
    assertThat(counted(trunk, "tx_drop_vlan_invalid")).isEqualTo(1);
  }

  @Test
  void aTrunkUsesWhatVlansItLikes() {
    rig.send(trunk, tagged(5, frame(A, FAR, 1)));
    assertOne(a, frame(A, FAR, 1));
    rig.send(trunk, tagged(7, frame(A, FAR, 2)));
    assertOne(net, tagged(7, frame(A, FAR, 2)));
    rig.send(a, frame(FAR, A, 3));
    assertOne(trunk, tagged(5, frame(FAR, A, 3)));
    rig.send(trunk, frame(ALL, FAR, 4));
    assertOne(net, frame(ALL, FAR, 4));
    rig.assertSilence();
  }

  @Test
  void aTrunkWithAVlanOfItsOwnHasThatOneUntagged() {
    Port mixed = hub.attach("mixed", EndConfig.guest(A + 1).vlan(5).trunk(true));
    rig.send(mixed, frame(A, A + 1, 1), tagged(6, frame(C, A + 1, 2)));
    assertOne(a, frame(A, A + 1, 1));
    assertOne(other, frame(C, A + 1, 2));
    rig.send(a, frame(A + 1, A, 3));
    rig.send(other, frame(A + 1, C, 4));
    assertThat(rig.take(mixed)).containsExactly(frame(A + 1, A, 3), tagged(6, frame(A + 1, C, 4)));
    rig.send(net, frame(ALL, FAR, 5));
    assertThat(rig.count(mixed)).as("untagged out there is another network").isZero();
    assertOne(trunk, frame(ALL, FAR, 5));
    rig.send(net, tagged(5, frame(A + 1, FAR, 6)));
    assertOne(mixed, frame(A + 1, FAR, 6));
    rig.assertSilence();
  }

  @Test
  void serviceTagsPassBetweenTrunkAndNetworkAlone() {
    byte[] stacked = withTag(0x88a8, 5, tagged(5, frame(ALL, FAR, 1)));
    rig.send(net, stacked);
    assertOne(trunk, stacked);
    rig.assertSilence();
    byte[] back = withTag(0x88a8, 5, tagged(5, frame(A, C + 1, 1)));
    rig.send(trunk, back);
    assertOne(net, back);
    rig.assertSilence();
  }

  @Test
  void anAddressIsLearnedInItsVlanOnly() {
    rig.send(trunk, tagged(5, frame(FAR, C + 1, 1)));
    rig.take(net);
    rig.send(a, frame(C + 1, A, 2));
    assertOne(trunk, tagged(5, frame(C + 1, A, 2)));
    rig.send(other, frame(C + 1, C, 3));
    assertOne(net, tagged(6, frame(C + 1, C, 3)));
    rig.assertSilence();
  }

  @Test
  void whatIsTakenBackIsAsItWasSent() {
    rig.send(a, frame(FAR, A, 1), tagged(0xa000, frame(FAR, A, 2)));
    Frame[] back = new Frame[4];
    assertThat(a.recall(back, 4)).isEqualTo(2);
    assertThat(back[0].toBytes()).isEqualTo(frame(FAR, A, 1));
    assertThat(back[1].toBytes()).isEqualTo(frame(FAR, A, 2));
    a.send(back, 2);
    assertThat(rig.take(net))
        .containsExactly(tagged(5, frame(FAR, A, 1)), tagged(5, frame(FAR, A, 2)));
    rig.send(trunk, tagged(9, frame(FAR, C + 1, 1)));
    assertThat(trunk.recall(back, 4)).isEqualTo(1);
    assertThat(back[0].toBytes()).isEqualTo(tagged(9, frame(FAR, C + 1, 1)));
    back[0].release();
  }

  @Test
  void identifiersAreChecked() {
    assertThatThrownBy(() -> EndConfig.OPEN.vlan(4095)).hasMessageContaining("1 to 4094");
    assertThatThrownBy(() -> EndConfig.OPEN.vlan(-1)).hasMessageContaining("not -1");
    assertThat(EndConfig.OPEN.vlan(4094).vlan()).isEqualTo(4094);
  }
}
