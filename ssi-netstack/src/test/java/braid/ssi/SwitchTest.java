package braid.ssi;

import static braid.ssi.SwitchRig.A;
import static braid.ssi.SwitchRig.ALL;
import static braid.ssi.SwitchRig.B;
import static braid.ssi.SwitchRig.C;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.MS;
import static braid.ssi.SwitchRig.SECOND;
import static braid.ssi.SwitchRig.counted;
import static braid.ssi.SwitchRig.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SwitchTest {
  @RegisterExtension final Pools pools = new Pools();
  private SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  private Switch hub = rig.hub;
  private Port net = rig.net;

  @AfterEach
  void empty() {
    rig.close();
  }

  private void config(SwitchConfig config) {
    rig = new SwitchRig(pools, config);
    hub = rig.hub;
    net = rig.net;
  }

  // Forwarding

  @Test
  void aGuestsFrameForTheNetworkGoesToTheUplinkAlone() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    rig.send(a, frame(FAR, A, 1), frame(FAR, A, 2));
    assertThat(rig.numbers(net)).containsExactly(1, 2);
    assertThat(rig.count(b)).isZero();
    assertThat(counted(a, "tx_frames")).isEqualTo(2);
    assertThat(counted(net, "rx_frames")).isEqualTo(2);
    assertThat(counted(net, "rx_bytes")).isEqualTo(120);
  }

  @Test
  void theFrameItselfIsPassedOnAndNotACopy() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Frame sent = pools.frame(frame(FAR, A, 1));
    a.send(new Frame[] {sent}, 1);
    Frame[] got = new Frame[1];
    assertThat(net.receive(got, 1)).isEqualTo(1);
    assertThat(got[0]).isSameAs(sent);
    sent.release();
  }

  @Test
  void guestToGuestNeverLeavesTheNode() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    rig.send(a, frame(B, A, 7));
    assertThat(rig.numbers(b)).containsExactly(7);
    rig.assertSilence();
  }

  @Test
  void theNetworksFrameGoesToItsGuestAlone() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    rig.send(net, frame(B, FAR, 3));
    assertThat(rig.numbers(b)).containsExactly(3);
    assertThat(rig.count(a)).isZero();
  }

  @Test
  void aBroadcastOfAGuestReachesTheNetworkAndTheOtherGuestsButNotItself() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    Port c = hub.attach("c", EndConfig.guest(C));
    rig.send(a, frame(ALL, A, 9));
    assertThat(rig.numbers(net)).containsExactly(9);
    assertThat(rig.numbers(b)).containsExactly(9);
    assertThat(rig.numbers(c)).containsExactly(9);
    assertThat(rig.count(a)).isZero();
    assertThat(rig.counted("copies")).isEqualTo(2);
  }

  @Test
  void aMulticastOfTheNetworkReachesEveryGuestAndNeverReturns() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    rig.send(net, frame(0x0100_5e00_0001L, FAR, 5));
    assertThat(rig.numbers(a)).containsExactly(5);
    assertThat(rig.numbers(b)).containsExactly(5);
    assertThat(rig.count(net)).isZero();
  }

  @Test
  void withOneGuestABroadcastOfTheNetworkIsNotCopied() {
    Port a = hub.attach("a", EndConfig.guest(A));
    rig.send(net, frame(ALL, FAR, 5));
    assertThat(rig.count(a)).isEqualTo(1);
    assertThat(rig.counted("copies")).isZero();
  }

  @Test
  void aFrameForItsOwnEndIsDropped() {
    Port a = hub.attach("a", EndConfig.guest(A, B));
    rig.send(a, frame(B, A, 1));
    rig.assertSilence();
    assertThat(counted(a, "tx_drop_same_end")).isEqualTo(1);
  }

  @Test
  void whatTheNetworkSendsToAnEmptySwitchIsDropped() {
    rig.send(net, frame(A, FAR, 1), frame(ALL, FAR, 2));
    rig.assertSilence();
    assertThat(counted(net, "tx_drop_unknown")).isEqualTo(2);
    assertThat(net.room()).isPositive();
  }

  // Unknown unicast

  @Test
  void unknownUnicastOfTheNetworkIsFloodedToOpenEndsOnly() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    Port s2 = hub.attach("s2", EndConfig.OPEN);
    rig.send(net, frame(C, FAR, 1));
    assertThat(rig.count(a)).isZero();
    assertThat(rig.count(s1)).isEqualTo(1);
    assertThat(rig.count(s2)).isEqualTo(1);
    assertThat(rig.counted("unknown_flooded")).isEqualTo(1);
  }

  @Test
  void unknownUnicastWithGuardedEndsAloneIsDropped() {
    hub.attach("a", EndConfig.guest(A));
    rig.send(net, frame(C, FAR, 1));
    rig.assertSilence();
    assertThat(counted(net, "tx_drop_unknown")).isEqualTo(1);
    assertThat(rig.counted("unknown_flooded")).isZero();
  }

  @Test
  void unknownUnicastCanBeDropped() {
    config(SwitchConfig.DEFAULT.unknown(SwitchConfig.Unknown.DROP));
    Port open = hub.attach("s1", EndConfig.OPEN);
    rig.send(net, frame(C, FAR, 1));
    rig.assertSilence();
    assertThat(counted(net, "tx_drop_unknown")).isEqualTo(1);
    rig.send(open, frame(FAR, C, 2));
    rig.send(net, frame(C, FAR, 3));
    assertThat(rig.numbers(open)).containsExactly(3);
  }

  @Test
  void unknownUnicastOfAnEndGoesToTheUplinkAlone() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    Port s2 = hub.attach("s2", EndConfig.OPEN);
    rig.send(s1, frame(C, A, 1));
    assertThat(rig.numbers(net)).containsExactly(1);
    assertThat(rig.count(s2)).isZero();
  }

  // Learning

  @Test
  void anAddressIsLearnedFromItsFirstFrame() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    Port s2 = hub.attach("s2", EndConfig.OPEN);
    rig.send(s1, frame(FAR, A, 1));
    rig.take(net);
    rig.send(net, frame(A, FAR, 2));
    assertThat(rig.numbers(s1)).containsExactly(2);
    rig.send(s2, frame(A, B, 3));
    assertThat(rig.numbers(s1)).containsExactly(3);
    rig.assertSilence();
    assertThat(hub.addresses()).isEqualTo(2);
    assertThat(rig.counted("addresses_learned")).isEqualTo(2);
  }

  @Test
  void anAddressIsForgottenAnAgeAfterItsLastFrame() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    hub.attach("s2", EndConfig.OPEN);
    rig.send(s1, frame(FAR, A, 1));
    rig.emptyAll();
    rig.clock.advance(299 * SECOND);
    rig.send(net, frame(A, FAR, 2));
    assertThat(rig.counted("unknown_flooded")).isZero();
    assertThat(hub.contains(A)).isTrue();
    rig.clock.advance(SECOND);
    rig.emptyAll();
    rig.send(net, frame(A, FAR, 3));
    assertThat(rig.counted("unknown_flooded")).isEqualTo(1);
    assertThat(hub.contains(A)).isFalse();
    assertThat(hub.addresses()).isZero();
    assertThat(rig.counted("addresses_forgotten")).isEqualTo(1);
  }

  @Test
  void anAddressThatSpeaksIsNeverForgotten() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    hub.attach("s2", EndConfig.OPEN);
    for (int i = 0; i < 1000; i++) {
      rig.send(s1, frame(FAR, A, i));
      rig.emptyAll();
      rig.clock.advance(i * 10 * MS);
    }
    rig.send(net, frame(A, FAR, 3));
    assertThat(rig.counted("unknown_flooded")).isZero();
    assertThat(rig.counted("addresses_learned")).isEqualTo(1);
  }

  @Test
  void anAddressThatIsOnlySpokenToIsForgotten() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    hub.attach("s2", EndConfig.OPEN);
    rig.send(s1, frame(FAR, A, 1));
    for (int i = 0; i < 310; i++) {
      rig.send(net, frame(A, FAR, i));
      rig.emptyAll();
      rig.clock.advance(SECOND);
    }
    assertThat(rig.counted("unknown_flooded")).isEqualTo(10);
  }

  @Test
  void anAddressLearnedAgainAfterItsAgeIsKnownOnce() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    for (int i = 0; i < 5; i++) {
      rig.send(s1, frame(FAR, A, i));
      assertThat(hub.contains(A)).isTrue();
      rig.clock.advance(400 * SECOND);
    }
    rig.emptyAll();
    assertThat(hub.contains(A)).isFalse();
    assertThat(rig.counted("addresses_learned")).isEqualTo(5);
    assertThat(rig.counted("addresses_forgotten")).isEqualTo(5);
  }

  @Test
  void anAddressThatMovesBetweenEndsIsFollowedAndCounted() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    Port s2 = hub.attach("s2", EndConfig.OPEN);
    rig.send(s1, frame(FAR, A, 1));
    rig.send(s2, frame(FAR, A, 2));
    rig.emptyAll();
    rig.send(net, frame(A, FAR, 3));
    assertThat(rig.count(s1)).isZero();
    assertThat(rig.numbers(s2)).containsExactly(3);
    assertThat(rig.counted("addresses_moved")).isEqualTo(1);
    assertThat(hub.addresses()).isEqualTo(1);
  }

  @Test
  void anAddressThatMovesToTheNetworkIsNoLongerLocal() {
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    Port s2 = hub.attach("s2", EndConfig.OPEN);
    rig.send(s1, frame(FAR, A, 1));
    rig.send(net, frame(ALL, A, 2));
    rig.emptyAll();
    assertThat(hub.contains(A)).isFalse();
    assertThat(rig.counted("addresses_moved")).isEqualTo(1);
    rig.send(s2, frame(A, B, 3));
    assertThat(rig.numbers(net)).containsExactly(3);
    rig.assertSilence();
  }

  @Test
  void theTableIsBoundedAndThoseWhoSpeakStayInIt() {
    config(SwitchConfig.DEFAULT.addresses(64, 300 * SECOND));
    Port s1 = hub.attach("s1", EndConfig.OPEN);
    Port s2 = hub.attach("s2", EndConfig.OPEN);
    for (int i = 0; i < 20_000; i++) {
      rig.send(s1, frame(FAR, 0x0600_0000_0000L + i, i));
      if (i % 100 == 0) {
        rig.send(s2, frame(FAR, A, i));
        rig.clock.advance(2_100 * MS);
      }
      rig.emptyAll();
      assertThat(hub.addresses()).isLessThanOrEqualTo(64);
    }
    rig.send(net, frame(A, FAR, 3));
    assertThat(rig.count(s1)).isZero();
    assertThat(rig.count(s2)).isEqualTo(1);
    assertThat(rig.counted("addresses_learned") - rig.counted("addresses_forgotten"))
        .isEqualTo(hub.addresses());
  }

  @Test
  void moreAddressesThanTheFrontHoldsAreAllFound() {
    List<Port> ends = new ArrayList<>();
    for (int e = 0; e < 4; e++) {
      ends.add(hub.attach("s" + e, EndConfig.OPEN));
    }
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 4000; i++) {
        rig.send(ends.get(i % 4), frame(FAR, 0x0600_0000_0000L + i * 7919L, i));
        rig.take(net);
      }
    }
    assertThat(hub.addresses()).isEqualTo(4000);
    assertThat(rig.counted("addresses_learned")).isEqualTo(4000);
    for (int i = 0; i < 4000; i++) {
      rig.send(net, frame(0x0600_0000_0000L + i * 7919L, FAR, i));
      assertThat(rig.numbers(ends.get(i % 4))).containsExactly(i);
    }
    rig.assertSilence();
  }

  @Test
  void theNetworksAddressesAreNotKept() {
    hub.attach("s1", EndConfig.OPEN);
    for (int i = 0; i < 5000; i++) {
      rig.send(net, frame(ALL, 0x0600_0000_0000L + i, i));
      rig.emptyAll();
    }
    assertThat(hub.addresses()).isZero();
    assertThat(hub.contains(0x0600_0000_0001L)).isFalse();
  }

  // Local addresses

  @Test
  void theBondBehindKnowsGivenAndLearnedAddresses() {
    assertThat(hub.first()).isZero();
    Port open = hub.attach("s", EndConfig.OPEN);
    hub.attach("a", EndConfig.guest(A));
    hub.attach("b", EndConfig.guest(B));
    assertThat(hub.first()).isEqualTo(A);
    assertThat(hub.contains(A)).isTrue();
    assertThat(hub.contains(C)).isFalse();
    rig.send(open, frame(FAR, C, 1));
    assertThat(hub.contains(C)).isTrue();
    assertThat(hub.detach("a")).isTrue();
    assertThat(hub.contains(A)).isFalse();
    assertThat(hub.first()).isEqualTo(B);
  }

  @Test
  void oneAddressInTwoVlansIsKnownUntilBothAreForgotten() {
    Port s = hub.attach("s", EndConfig.OPEN);
    rig.send(s, SwitchRig.tagged(5, frame(FAR, A, 1)));
    rig.clock.advance(100 * SECOND);
    rig.send(s, SwitchRig.tagged(6, frame(FAR, A, 1)));
    rig.clock.advance(201 * SECOND);
    rig.emptyAll();
    assertThat(hub.contains(A)).isTrue();
    rig.clock.advance(100 * SECOND);
    rig.emptyAll();
    assertThat(hub.contains(A)).isFalse();
  }

  // Ends come and go

  @Test
  void whatWaitsAtAnEndThatGoesIsDroppedAndCounted() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    rig.send(net, frame(A, FAR, 1), frame(A, FAR, 2));
    rig.send(a, frame(FAR, A, 3));
    assertThat(hub.detach("a")).isTrue();
    assertThat(counted(a, "rx_drop_detached")).isEqualTo(2);
    assertThat(rig.numbers(net)).as("what it had sent").containsExactly(3);
    assertThat(a.link()).isEqualTo(LinkState.DOWN);
    assertThat(a.room()).isZero();
    rig.send(a, frame(B, A, 4));
    assertThat(counted(a, "tx_drop_detached")).isEqualTo(1);
    rig.send(b, frame(A, B, 5));
    assertThat(rig.numbers(net)).as("now unknown").containsExactly(5);
    assertThat(hub.detach("a")).isFalse();
  }

  @Test
  void aNameAnAddressAndASwitchNameCanBeTakenOnce() {
    hub.attach("a", EndConfig.guest(A));
    assertThatThrownBy(() -> hub.attach("a", EndConfig.guest(B))).hasMessageContaining("'a'");
    assertThatThrownBy(() -> hub.attach("sw", EndConfig.guest(B))).hasMessageContaining("'sw'");
    assertThatThrownBy(() -> hub.attach("b", EndConfig.guest(A)))
        .hasMessage("a and b have the same address 02:00:00:00:00:a0: give one of them another");
    assertThat(hub.ends()).hasSize(1);
  }

  @Test
  void anAddressThatIsGivenWasPerhapsLearnedElsewhere() {
    Port s = hub.attach("s", EndConfig.OPEN);
    rig.send(s, frame(FAR, A, 1));
    Port a = hub.attach("a", EndConfig.guest(A));
    rig.emptyAll();
    rig.send(net, frame(A, FAR, 2));
    assertThat(rig.numbers(a)).containsExactly(2);
    assertThat(hub.addresses()).isZero();
  }

  @Test
  void anEndCanBeGivenAnotherAddressAtRunTime() {
    Port a = hub.attach("a", EndConfig.guest(A));
    hub.attach("b", EndConfig.guest(B));
    assertThat(hub.configure("a", EndConfig.guest(C))).isTrue();
    rig.send(net, frame(C, FAR, 1));
    assertThat(rig.numbers(a)).containsExactly(1);
    rig.send(a, frame(FAR, A, 2));
    assertThat(counted(a, "tx_drop_spoofed")).isEqualTo(1);
    assertThatThrownBy(() -> hub.configure("a", EndConfig.guest(B)))
        .hasMessageContaining("same address");
    assertThat(hub.configure("c", EndConfig.OPEN)).isFalse();
  }

  // The link

  @Test
  void everyEndShowsTheUplinksCarrier() {
    Port a = hub.attach("a", EndConfig.guest(A));
    LinkState fast = new LinkState(true, 30_000);
    hub.carrier(fast);
    assertThat(a.link()).isEqualTo(fast);
    assertThat(net.link()).isEqualTo(fast);
    hub.carrier(LinkState.DOWN);
    assertThat(a.link()).isEqualTo(LinkState.DOWN);
  }

  @Test
  void withoutCarrierFramesWaitToBeTakenBackAndNotForLong() {
    Port bond = hub.attach("bond", EndConfig.OPEN);
    Port session = hub.attach("session", EndConfig.OPEN);
    hub.carrier(LinkState.DOWN);
    rig.send(bond, frame(FAR, A, 1), frame(FAR, A, 2));
    rig.send(session, frame(FAR, B, 3));
    assertThat(rig.count(net)).isZero();
    assertThat(net.arm()).isFalse();
    assertThat(net.deadline()).isEqualTo(rig.clock.nanos() + 100 * MS);
    assertThat(bond.pending()).isEqualTo(2);
    Frame[] back = new Frame[4];
    assertThat(bond.recall(back, 4)).isEqualTo(2);
    back[0].release();
    back[1].release();
    assertThat(bond.pending()).isZero();
    rig.clock.advance(99 * MS);
    rig.send(session, frame(FAR, B, 4));
    rig.clock.advance(MS);
    assertThat(rig.count(net)).isZero();
    assertThat(counted(net, "rx_drop_link_down")).isEqualTo(1);
    hub.carrier(LinkState.UP);
    assertThat(net.arm()).isTrue();
    assertThat(net.deadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(rig.numbers(net)).containsExactly(4);
  }

  // Taking back

  @Test
  void aBondTakesBackFromItsEndWhatTheNicHasNotTaken() {
    Port bond = hub.attach("bond", EndConfig.OPEN);
    Port session = hub.attach("session", EndConfig.OPEN);
    rig.send(session, frame(FAR, B, 100));
    rig.send(bond, frame(FAR, A, 1), frame(B, A, 50));
    rig.send(session, frame(FAR, B, 101));
    rig.send(bond, frame(FAR, A, 2), frame(FAR, A, 3));
    Frame[] back = new Frame[8];
    assertThat(bond.recall(back, 2)).isEqualTo(2);
    assertThat(bond.recall(back, 0)).isZero();
    assertThat(Packets.number(back[0].toBytes())).isEqualTo(1);
    assertThat(Packets.number(back[1].toBytes())).isEqualTo(2);
    back[0].release();
    back[1].release();
    assertThat(bond.recall(back, 8)).isEqualTo(1);
    assertThat(Packets.number(back[0].toBytes())).isEqualTo(3);
    back[0].release();
    assertThat(bond.recall(back, 8)).isZero();
    assertThat(rig.numbers(net)).containsExactly(100, 101);
    assertThat(rig.numbers(session)).containsExactly(50);
    assertThat(counted(bond, "recalled")).isEqualTo(3);
    assertThat(net.recall(back, 8)).isZero();
  }

  @Test
  void waitingFramesAreWhatArmTells() {
    Port a = hub.attach("a", EndConfig.guest(A));
    assertThat(a.arm()).isFalse();
    assertThat(net.arm()).isFalse();
    rig.send(a, frame(FAR, A, 1));
    assertThat(net.arm()).isTrue();
    assertThat(a.arm()).isFalse();
    rig.send(net, frame(A, FAR, 1));
    assertThat(a.arm()).isTrue();
    assertThat(a.deadline()).isEqualTo(Long.MAX_VALUE);
  }
}
