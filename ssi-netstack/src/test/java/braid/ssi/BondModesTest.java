package braid.ssi;

import static braid.ssi.Rig.MS;
import static braid.ssi.Rig.QUIET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Frame;
import braid.port.LinkState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What goes out where, and comes in from where, in each mode.
class BondModesTest {
  @RegisterExtension final Pools pools = new Pools();

  private Rig rig;

  @AfterEach
  void close() {
    rig.close();
  }

  private Rig rig(BondMode mode, int members) {
    return rig(QUIET.withMode(mode), members);
  }

  private Rig rig(BondConfig config, int members) {
    rig = Rig.of(pools, config, members);
    return rig;
  }

  private List<Integer> routes(int count) {
    return IntStream.range(0, count).map(rig::route).boxed().toList();
  }

  // balance-rr

  @Test
  void roundRobinTakesEachMemberInTurn() {
    rig(BondMode.BALANCE_RR, 3);
    assertThat(routes(7)).containsExactly(0, 1, 2, 0, 1, 2, 0);
  }

  @Test
  void roundRobinStaysForAsManyFramesAsConfigured() {
    rig(QUIET.withMode(BondMode.BALANCE_RR).withFramesPerMember(3), 2);
    assertThat(routes(8)).containsExactly(0, 0, 0, 1, 1, 1, 0, 0);
  }

  @Test
  void roundRobinAtRandomUsesAllMembersAboutEqually() {
    rig(QUIET.withMode(BondMode.BALANCE_RR).withFramesPerMember(0), 3);
    List<Integer> routes = routes(300);
    for (int member = 0; member < 3; member++) {
      assertThat(java.util.Collections.frequency(routes, member)).isBetween(70, 130);
    }
    assertThat(routes.subList(0, 30)).isNotEqualTo(routes.subList(30, 60));
  }

  @Test
  void roundRobinPassesOverAMemberWithoutRoom() {
    rig(BondMode.BALANCE_RR, 2);
    byte[][] flood = new byte[700][];
    Arrays.fill(flood, Rig.tcp(1, 0x10, 60, 0));
    rig.send(Arrays.copyOf(flood, 400));
    assertThat(rig.sent(0)).hasSize(200);
    rig.send(Arrays.copyOf(flood, 200));
    assertThat(rig.sent(0)).as("56 fitted on member 1").hasSize(144);
    assertThat(rig.sent(1)).hasSize(256);
    assertThat(rig.ports.get(1).counters().all())
        .noneMatch(c -> c.name().contains("full") && c.get() > 0);
  }

  @Test
  void roundRobinGoesOnWithTheMembersLeft() {
    rig(BondMode.BALANCE_RR, 3);
    rig.carrier(1, false);
    assertThat(routes(4)).containsOnly(0, 2);
    assertThat(rig.bond.link().speedMbps()).isEqualTo(2000);
  }

  // balance-xor

  @ParameterizedTest
  @EnumSource(HashPolicy.class)
  void theHashNamesTheMemberInTheOrderOfAddingAsTheKernelDoes(HashPolicy policy) {
    rig(QUIET.withMode(BondMode.BALANCE_XOR).withHashPolicy(policy), 3);
    Random random = new Random(7);
    for (int i = 0; i < 100; i++) {
      byte[] bytes = Rig.tcp(random.nextInt(1000), 0x10, 60, 1);
      bytes[5] = (byte) random.nextInt();
      bytes[11] = (byte) random.nextInt();
      Frame frame = pools.frame(bytes);
      int hash = FlowHash.hash(policy, frame);
      frame.release();
      assertThat(rig.route(bytes)).isEqualTo(Integer.remainderUnsigned(hash, 3));
    }
  }

  @Test
  void aMemberThatFailsLeavesTheOthersInOrder() {
    rig(BondMode.BALANCE_XOR, 3);
    rig.carrier(1, false);
    for (int flow = 0; flow < 50; flow++) {
      byte[] bytes = Rig.tcp(flow, 0x10, 60, 1);
      Frame frame = pools.frame(bytes);
      int index = FlowHash.member(FlowHash.hash(HashPolicy.LAYER3_4, frame), 2);
      frame.release();
      assertThat(rig.route(bytes)).isEqualTo(index == 0 ? 0 : 2);
    }
    assertThat(rig.departures).extracting(MemberLeft::member).containsExactly("m1");
    assertThat(rig.departures.getFirst().reason()).isEqualTo(Reason.CARRIER);
    assertThat(rig.changes).as("m0 stays the active one").hasSize(1);
  }

  @Test
  void whatADeadMemberHadGoesToTheOthersBeforeAnythingNewer() {
    rig(BondMode.BALANCE_XOR, 2);
    int flow = 0;
    while (rig.route(flow) != 1) {
      flow++;
    }
    for (int i = 0; i < 10; i++) {
      rig.send(Rig.tcp(flow, 0x10, 60, i));
    }
    rig.carrier(1, false);
    rig.send(Rig.tcp(flow, 0x10, 60, 10));
    assertThat(rig.sent(0))
        .extracting(Rig::number)
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    assertThat(rig.departures.getFirst().resent()).isEqualTo(10);
  }

  // broadcast

  @Test
  void broadcastSendsTheSameBytesOnEveryMemberAndKeepsTheOriginalUntilTheLastIsBack() {
    rig(BondMode.BROADCAST, 3);
    byte[] bytes = new byte[200];
    new Random(3).nextBytes(bytes);
    bytes[0] = 2;
    bytes[6] = 2;
    int before = pools.data.available();
    rig.send(bytes);
    assertThat(rig.sent(0)).containsExactly(bytes);
    assertThat(rig.sent(1)).containsExactly(bytes);
    assertThat(pools.data.available()).as("kept").isEqualTo(before - 1);
    assertThat(rig.sent(2)).containsExactly(bytes);
    assertThat(pools.data.available()).isEqualTo(before);
  }

  @Test
  void broadcastCopiesTheHeadAndSharesTheRest() {
    rig(BondMode.BROADCAST, 2);
    byte[] bytes = new byte[200];
    Arrays.fill(bytes, (byte) 5);
    bytes[0] = 2;
    bytes[6] = 2;
    rig.send(bytes);
    Frame[] one = new Frame[1];
    assertThat(rig.ports.get(0).far().receive(one, 1)).isEqualTo(1);
    assertThat(one[0].pieces()).isEqualTo(1);
    assertThat(one[0].headLength()).isLessThanOrEqualTo(Frame.HEAD_BYTES);
    assertThat(one[0].length()).isEqualTo(200);
    one[0].release();
  }

  @Test
  void withNoCopiesLeftAFrameGoesOutOnceAndTheOthersAreCounted() {
    rig(BondMode.BROADCAST, 2);
    byte[][] many = new byte[Limits.COPIES / 2 + 5][];
    Arrays.fill(many, Rig.tcp(1, 0x10, 60, 0));
    rig.send(many);
    assertThat(rig.counted("tx_drop_no_copy")).isEqualTo(5);
    assertThat(rig.sent(0)).hasSize(Limits.COPIES / 2 + 5);
    assertThat(rig.sent(1)).hasSize(Limits.COPIES / 2);
  }

  @Test
  void copiesOfADeadMemberAreNotResent() {
    rig(BondMode.BROADCAST, 2);
    rig.send(Rig.tcp(1, 0x10, 60, 0), Rig.tcp(1, 0x10, 60, 1));
    rig.carrier(1, false);
    assertThat(rig.sent(0)).hasSize(2);
    assertThat(rig.counted("tx_resent")).isZero();
    rig.send(Rig.tcp(1, 0x10, 60, 2));
    assertThat(rig.sent(0)).as("alone it needs no copy").hasSize(1);
  }

  @Test
  void broadcastIsRefusedWhenThePoolIsTooSmallAndNothingChanges() {
    rig(BondMode.BALANCE_RR, 2);
    List<Frame> taken = new ArrayList<>();
    while (pools.control.available() > Limits.COPIES - 1) {
      taken.add(pools.control.take());
    }
    assertThatThrownBy(() -> rig.bond.reconfigure(QUIET.withMode(BondMode.BROADCAST)))
        .hasMessageContaining("mode broadcast needs 128");
    assertThat(rig.bond.config().mode()).isEqualTo(BondMode.BALANCE_RR);
    assertThat(routes(2)).containsExactly(0, 1);
    taken.forEach(Frame::release);
  }

  @Test
  void theSpeedOfABroadcastIsThatOfTheSlowest() {
    rig =
        new Rig(
            pools,
            QUIET.withMode(BondMode.BROADCAST),
            new LinkState(true, 1000),
            new LinkState(true, 100));
    assertThat(rig.bond.link()).isEqualTo(new LinkState(true, 100));
  }

  // balance-tlb

  private static long source(byte[] frame) {
    return Packets.mac(frame, 6);
  }

  @Test
  void transmitBalanceSpreadsFlowsAndGivesThoseElsewhereTheMembersAddress() {
    rig(BondMode.BALANCE_TLB, 3);
    for (int flow = 0; flow < 6; flow++) {
      rig.send(Rig.tcp(flow, 2, 60, flow));
    }
    assertThat(rig.sent(0)).hasSize(2).allMatch(f -> source(f) == Rig.HOST);
    assertThat(rig.sent(1)).hasSize(2).allMatch(f -> source(f) == 0x0200_0000_c001L);
    assertThat(rig.sent(2)).hasSize(2).allMatch(f -> source(f) == 0x0200_0000_c002L);
  }

  @Test
  void transmitBalanceSendsArpAndGroupsOnTheActiveMember() {
    rig(BondMode.BALANCE_TLB, 2);
    assertThat(rig.route(3)).isZero();
    for (int i = 0; i < 4; i++) {
      assertThat(rig.route(Packets.arp(Rig.PEER, 2, Rig.HOST, 1, Rig.PEER, 2))).isZero();
      byte[] multicast = Rig.tcp(9, 0x10, 60, i);
      multicast[0] = 1;
      assertThat(rig.route(multicast)).isZero();
    }
  }

  @Test
  void transmitBalanceReceivesOnTheActiveMemberAlone() {
    rig(BondMode.BALANCE_TLB, 2);
    rig.pass(2_000 * MS);
    assertThat(rig.receive(0, Packets.numbered(Rig.HOST, Rig.PEER, 1))).hasSize(1);
    assertThat(rig.receive(1, Packets.numbered(Rig.HOST, Rig.PEER, 2))).isEmpty();
    assertThat(rig.counted("rx_drop_inactive")).isEqualTo(1);
  }

  // receiving

  @ParameterizedTest
  @EnumSource(
      value = BondMode.class,
      names = {"BALANCE_RR", "BALANCE_XOR", "BROADCAST", "FLOWLET"})
  void withoutLagGroupsComeFromTheActiveMemberAndUnicastFromAny(BondMode mode) {
    rig(mode, 3);
    rig.pass(2_000 * MS);
    byte[] broadcast = Packets.numbered(Wire.BROADCAST, Rig.PEER, 1);
    byte[] unicast = Packets.numbered(Rig.HOST, Rig.PEER, 2);
    byte[] foreign = Packets.numbered(0x0200_0000_0999L, Rig.PEER, 3);
    assertThat(rig.receive(0, broadcast)).hasSize(1);
    assertThat(rig.receive(0, foreign)).as("a host that nobody knows yet").hasSize(1);
    assertThat(rig.receive(1, broadcast)).isEmpty();
    assertThat(rig.receive(2, foreign)).isEmpty();
    assertThat(rig.receive(1, unicast)).hasSize(1);
    assertThat(rig.receive(2, unicast)).hasSize(1);
    assertThat(rig.receive(2, Packets.numbered(Wire.BROADCAST, Rig.HOST, 4)))
        .as("our own, flooded back")
        .isEmpty();
    assertThat(rig.counted("rx_drop_own")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = BondMode.class,
      names = {"BALANCE_RR", "BALANCE_XOR", "BROADCAST", "FLOWLET"})
  void withLagEverythingComesFromEveryMember(BondMode mode) {
    rig(QUIET.withMode(mode).withLag(true), 2);
    rig.pass(2_000 * MS);
    for (int member = 0; member < 2; member++) {
      assertThat(rig.receive(member, Packets.numbered(Wire.BROADCAST, Rig.PEER, 1))).hasSize(1);
      assertThat(rig.receive(member, Packets.numbered(Rig.HOST, Rig.PEER, 1))).hasSize(1);
    }
  }

  @Test
  void lagChangesNothingForActiveBackup() {
    rig(QUIET.withLag(true), 2);
    rig.pass(2_000 * MS);
    assertThat(rig.receive(1, Packets.numbered(Wire.BROADCAST, Rig.PEER, 1))).isEmpty();
  }

  @Test
  void unicastIsTakenForEveryHostBehindTheBond() {
    LocalAddresses hosts =
        new LocalAddresses() {
          @Override
          public boolean contains(long mac) {
            return mac == 0x0200_0000_0051L || mac == 0x0200_0000_0052L;
          }

          @Override
          public long first() {
            return 0x0200_0000_0051L;
          }
        };
    rig = new Rig(pools, hosts, QUIET.withMode(BondMode.FLOWLET), LinkState.UP, LinkState.UP);
    rig.pass(2_000 * MS);
    assertThat(rig.receive(1, Packets.numbered(0x0200_0000_0051L, Rig.PEER, 1))).hasSize(1);
    assertThat(rig.receive(1, Packets.numbered(0x0200_0000_0052L, Rig.PEER, 1))).hasSize(1);
    assertThat(rig.receive(1, Packets.numbered(0x0200_0000_0053L, Rig.PEER, 1))).isEmpty();
    assertThat(rig.receive(1, Packets.numbered(Rig.PEER, 0x0200_0000_0052L, 1))).isEmpty();
  }

  @Test
  void noMemberStarvesTheOthersWhenAllAreFlooded() {
    rig(BondMode.FLOWLET, 3);
    rig.pass(2_000 * MS);
    for (int member = 0; member < 3; member++) {
      Frame[] flood = new Frame[200];
      for (int i = 0; i < flood.length; i++) {
        flood[i] = pools.frame(Packets.numbered(Rig.HOST, Rig.PEER, member));
      }
      rig.ports.get(member).far().send(flood, flood.length);
    }
    int[] got = new int[3];
    for (int turn = 0; turn < 4; turn++) {
      rig.turn().forEach(f -> got[Packets.number(f)]++);
    }
    assertThat(got[0]).isGreaterThan(40);
    assertThat(got[1]).isGreaterThan(40);
    assertThat(got[2]).isGreaterThan(40);
  }

  // all modes

  @ParameterizedTest
  @EnumSource(
      value = BondMode.class,
      names = {"LACP"},
      mode = EnumSource.Mode.EXCLUDE)
  void roomIsThatOfTheMemberWithMostAndWithoutMembersFramesAreCounted(BondMode mode) {
    rig(mode, 2);
    assertThat(rig.bond.room()).isEqualTo(256 - Limits.CONTROL_ROOM);
    rig.carrier(0, false);
    rig.carrier(1, false);
    assertThat(rig.bond.link().up()).isFalse();
    assertThat(rig.bond.room()).isPositive();
    rig.send(Rig.tcp(1, 0x10, 60, 0));
    assertThat(rig.counted("tx_drop_no_member")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = BondMode.class,
      names = {"LACP"},
      mode = EnumSource.Mode.EXCLUDE)
  void framesTooShortForEthernetGoSomewhereAndHarmNothing(BondMode mode) {
    rig(mode, 2);
    for (int length = 1; length < 60; length++) {
      Frame frame = pools.frame(Rig.tcp(1, 0x10, 60, 0));
      frame.headLength(length);
      rig.bond.send(new Frame[] {frame}, 1);
    }
    assertThat(rig.sent(0).size() + rig.sent(1).size()).isGreaterThanOrEqualTo(59);
  }

  @Test
  void theSpeedIsTheSumOfTheMembersInUse() {
    rig =
        new Rig(
            pools,
            QUIET.withMode(BondMode.FLOWLET),
            new LinkState(true, 1000),
            new LinkState(true, 100));
    assertThat(rig.bond.link()).isEqualTo(new LinkState(true, 1100));
    rig.ports.get(1).carrier(new LinkState(true, 2500));
    rig.turn();
    assertThat(rig.bond.link()).isEqualTo(new LinkState(true, 3500));
    rig.bond.reconfigure(QUIET);
    assertThat(rig.bond.link()).isEqualTo(new LinkState(true, 1000));
  }

  /// Every mode into every other, with traffic all the while: each frame arrives once (in broadcast
  /// once on each member).
  @Test
  void changingTheModeAtRunTimeLosesNothing() {
    rig(BondMode.ACTIVE_BACKUP, 3);
    Random random = new Random(11);
    List<BondMode> modes = new ArrayList<>(List.of(BondMode.values()));
    modes.remove(BondMode.LACP);
    int number = 0;
    for (int i = 0; i < 200; i++) {
      BondMode mode = modes.get(random.nextInt(modes.size()));
      rig.bond.reconfigure(QUIET.withMode(mode).withLag(random.nextBoolean()));
      for (int j = 0; j < 10; j++) {
        rig.send(Rig.tcp(random.nextInt(20), 0x10, 60, number++));
      }
      rig.pass(MS);
      List<byte[]> all = new ArrayList<>();
      for (int member = 0; member < 3; member++) {
        all.addAll(rig.sent(member));
      }
      int copies = mode == BondMode.BROADCAST ? 3 : 1;
      assertThat(all).as("in %s", mode).hasSize(10 * copies);
    }
    assertThat(rig.changes).as("the active member stayed").hasSize(1);
  }

  @Test
  void aModeIsFoundByItsNameInLinux() {
    rig(BondMode.FLOWLET, 1);
    assertThat(BondMode.texts())
        .containsExactly(
            "active-backup",
            "balance-rr",
            "balance-xor",
            "broadcast",
            "balance-tlb",
            "802.3ad",
            "flowlet");
    assertThat(BondMode.of("balance-tlb")).isEqualTo(BondMode.BALANCE_TLB);
    assertThatThrownBy(() -> BondMode.of("balance-alb"))
        .hasMessageContaining("mode is one of active-backup, balance-rr");
  }

  @Test
  void aFrameWithoutKnownHeadersIsSteeredByItsAddresses() {
    rig(BondMode.FLOWLET, 2);
    ByteBuffer bytes = Packets.ethernet(Rig.PEER, Rig.HOST, 0x88b5);
    int first = rig.route(Packets.done(bytes));
    for (int i = 0; i < 10; i++) {
      assertThat(rig.route(Packets.done(Packets.ethernet(Rig.PEER, Rig.HOST, 0x88b5))))
          .isEqualTo(first);
    }
  }
}
