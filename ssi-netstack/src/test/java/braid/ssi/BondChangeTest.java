package braid.ssi;

import static braid.ssi.Lab.MS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Members that fail while several carry frames, that are drained, and settings that change while
/// traffic runs.
class BondChangeTest {
  private static final BondConfig CCM = BondConfig.DEFAULT;
  private static final BondConfig CCM_ARP =
      CCM.withMonitors(Continuity.GUEST, ArpTarget.of("10.0.0.1"));
  private static final long DETECT = 35 * MS + 3 * Lab.TURN;

  @RegisterExtension final Pools pools = new Pools();

  private Lab lab = new Lab(pools, CCM, 0, 1);

  @AfterEach
  void drain() {
    lab.close();
  }

  private Lab lab(BondConfig config, int members) {
    lab = new Lab(pools, config, members, 1);
    lab.run(100 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    return lab;
  }

  private static List<Integer> upTo(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private long announcements() {
    return lab.peerGot.stream()
        .filter(f -> Packets.type(f) == 0x0806 && Packets.int32(f, 28) == Lab.HOST_IP)
        .count();
  }

  @Test
  void inAModeThatSpreadsAHungMembersFramesGoToTheOthersAndTheirsAreUntouched() {
    lab(CCM.withMode(BondMode.FLOWLET), 3);
    lab.hostSends(Packets.arp(Wire.BROADCAST, 1, Lab.BOND, Lab.HOST_IP, 0, Lab.PEER_IP));
    lab.run(500 * MS);
    lab.peerGot.clear();
    for (int i = 0; i < 60; i++) {
      if (i == 10) {
        lab.nodes.get(1).kill();
      }
      for (int flow = 0; flow < 6; flow++) {
        lab.hostSends(Rig.tcp(flow, i == 0 ? 2 : 0x10, 60, i));
      }
      lab.run(MS);
    }
    lab.run(5 * MS);
    List<byte[]> got = lab.peerGot.stream().filter(f -> Packets.type(f) == Wire.TYPE_IPV4).toList();
    for (int flow = 0; flow < 6; flow++) {
      int wanted = flow;
      assertThat(got.stream().filter(f -> Rig.flow(f) == wanted).map(Rig::number).toList())
          .as("nothing of flow %d lost, doubled or overtaken", flow)
          .isEqualTo(upTo(60));
    }
    assertThat(lab.departures)
        .singleElement()
        .satisfies(
            left -> {
              assertThat(left.member()).isEqualTo("m1");
              assertThat(left.reason()).isEqualTo(Reason.CONTINUITY);
              assertThat(left.detectionNanos()).isBetween(35 * MS, 36 * MS);
              assertThat(left.resent()).isPositive();
              assertThat(left.dropped()).isZero();
            });
    assertThat(lab.changes).as("the active member stays").hasSize(1);
    assertThat(announcements()).as("the switch may have sent to the dead one").isPositive();
  }

  @Test
  void otherMonitorsAtRunTimeTakeNobodyOutOfUse() {
    lab(CCM, 2);
    for (BondConfig next :
        List.of(
            CCM.withMonitors(Carrier.ONLY),
            CCM_ARP,
            CCM.withMonitors(NsTarget.of("2001:db8::1")),
            CCM.withMonitors(Continuity.GUEST.every(CcmInterval.MS_3_33)),
            CCM)) {
      lab.bond.reconfigure(next);
      for (int i = 0; i < 300; i++) {
        lab.hostSends();
        lab.run(MS);
      }
    }
    lab.run(5 * MS);
    assertThat(lab.changes).hasSize(1);
    assertThat(Lab.numbers(lab.peerGot)).isEqualTo(upTo(lab.hostSent()));
    lab.nodes.get(0).kill();
    lab.run(DETECT + 2 * MS);
    assertThat(lab.bond.activeMember()).as("the last check works").isEqualTo("m1");
  }

  @Test
  void aNewCheckThatNobodyAnswersTakesTheMemberOutAfterItsTime() {
    lab(CCM.withMonitors(Carrier.ONLY), 2);
    lab.nodes.get(0).kill();
    lab.run(100 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    lab.bond.reconfigure(CCM);
    lab.run(30 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    lab.run(10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }

  @Test
  void aNewcomerIsHeldWhileAnotherCarriesAndUsedAtOnceWhenNobodyDoes() {
    lab(CCM, 1);
    lab.add(0);
    lab.run(100 * MS);
    assertThat(lab.bond.members().get(0).state()).isEqualTo(MemberState.UP);
    assertThat(lab.bond.members().get(1).state()).isEqualTo(MemberState.HOLDING);
    lab.run(CCM.health().holdNanos());
    assertThat(lab.bond.members().get(1).state()).isEqualTo(MemberState.UP);
    lab.add(0);
    lab.run(100 * MS);
    assertThat(lab.bond.members().get(2).state()).isEqualTo(MemberState.HOLDING);
    lab.nodes.get(0).kill();
    lab.nodes.get(1).kill();
    lab.run(DETECT + 2 * MS);
    assertThat(lab.bond.activeMember()).as("held, but the only one").isEqualTo("m2");
  }

  @Test
  void aDrainedActiveMemberIsLeftAndAnnounced() {
    lab(CCM, 2);
    lab.peerGot.clear();
    assertThat(lab.bond.drain("m0")).isTrue();
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
    assertThat(lab.lastChange().reason()).isEqualTo(Reason.DRAINED);
    lab.run(60 * MS);
    assertThat(lab.bond.drained("m0")).isTrue();
    assertThat(lab.peerGot).anyMatch(f -> Packets.type(f) == 0x8035);
    assertThat(lab.bond.members().get(0).draining()).isTrue();
  }

  @Test
  void theNearerOfTwoEqualMembersIsTheActiveOne() {
    lab = new Lab(pools, CCM, 0, 1);
    lab.add(1);
    lab.add(0);
    lab.run(100 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }

  @Test
  void everyHostBehindTheBondIsAnnouncedAndNoneThatLeft() {
    lab(CCM, 2);
    lab.hostSends(Packets.arp(Wire.BROADCAST, 1, 0x0200_0000_0777L, 0x0a00_0077, 0, 1));
    lab.hostSends(Packets.arp(Wire.BROADCAST, 1, Lab.BOND, Lab.HOST_IP, 0, Lab.PEER_IP));
    lab.run(20 * MS);
    lab.peerGot.clear();
    assertThat(lab.bond.setActive("m1")).isTrue();
    lab.run(10 * MS);
    assertThat(lab.peerGot)
        .filteredOn(f -> Packets.type(f) == 0x0806)
        .isNotEmpty()
        .extracting(f -> Packets.mac(f, 6))
        .containsOnly(Lab.BOND);
  }

  @Test
  void aDrainedMemberThatIsHealthyIsBetterThanOneWhoseTargetIsSilent() {
    lab(CCM_ARP, 2);
    lab.run(1_000 * MS);
    lab.nodes.get(1).blackhole(true);
    lab.run(DETECT + 10 * MS);
    assertThat(lab.bond.drain("m0")).isTrue();
    lab.run(10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    lab.hostSends();
    lab.run(5 * MS);
    assertThat(Lab.numbers(lab.peerGot)).contains(lab.hostSent() - 1);
    lab.nodes.get(1).blackhole(false);
    lab.run(1_000 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }

  @Test
  void withATargetThatIsSilentForAllADrainedMemberIsLeftAllTheSame() {
    lab(CCM_ARP, 2);
    lab.run(1_000 * MS);
    lab.nodes.get(0).blackhole(true);
    lab.nodes.get(1).blackhole(true);
    lab.run(DETECT + 10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m0");
    assertThat(lab.bond.drain("m0")).isTrue();
    lab.run(10 * MS);
    assertThat(lab.bond.activeMember()).isEqualTo("m1");
  }
}
