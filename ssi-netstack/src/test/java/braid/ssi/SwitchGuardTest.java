package braid.ssi;

import static braid.ssi.SwitchRig.A;
import static braid.ssi.SwitchRig.ALL;
import static braid.ssi.SwitchRig.B;
import static braid.ssi.SwitchRig.C;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.counted;
import static braid.ssi.SwitchRig.first;
import static braid.ssi.SwitchRig.frame;
import static braid.ssi.SwitchRig.refused;
import static braid.ssi.SwitchRig.tagged;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Port;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a guest may not do, and what nobody may.
class SwitchGuardTest {
  private static final long LACP = 0x0180_c200_0002L;
  private static final int IP = 0x0a00_0005;

  @RegisterExtension final Pools pools = new Pools();
  private final SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  private final Switch hub = rig.hub;
  private final Port net = rig.net;
  private final Port a = hub.attach("a", EndConfig.guest(A));
  private final Port b = hub.attach("b", EndConfig.guest(B));

  @AfterEach
  void empty() {
    rig.close();
  }

  private void assertRefused(Port end, String reason, byte[] bytes) {
    long before = refused(end);
    long named = counted(end, reason);
    rig.send(end, bytes);
    assertThat(counted(end, reason)).as(reason).isEqualTo(named + 1);
    assertThat(refused(end)).isEqualTo(before + 1);
    rig.assertSilence();
  }

  private void assertPasses(Port end, byte[] bytes) {
    long before = refused(end);
    rig.send(end, bytes);
    assertThat(refused(end)).isEqualTo(before);
    rig.emptyAll();
  }

  // Ethernet

  @Test
  void aGuestCannotSpeakAsAnother() {
    assertRefused(a, "tx_drop_spoofed", frame(FAR, B, 1));
    assertRefused(a, "tx_drop_spoofed", frame(B, FAR, 1));
    assertRefused(a, "tx_drop_spoofed", frame(ALL, C, 1));
    assertThat(hub.addresses()).as("nothing is learned from it").isZero();
  }

  @Test
  void anOpenEndCannotSpeakAsAGuest() {
    Port s = hub.attach("s", EndConfig.OPEN);
    assertRefused(s, "tx_drop_spoofed", frame(FAR, A, 1));
    assertPasses(s, frame(FAR, C, 1));
  }

  @Test
  void aGuestMayHaveSeveralAddresses() {
    Port c = hub.attach("c", EndConfig.guest(C, C + 1));
    assertPasses(c, frame(FAR, C, 1));
    assertPasses(c, frame(FAR, C + 1, 1));
    assertRefused(c, "tx_drop_spoofed", frame(FAR, C + 2, 1));
    rig.send(net, frame(C + 1, FAR, 1));
    assertThat(rig.count(c)).isEqualTo(1);
  }

  @Test
  void aGuestWithABondOverTwoNodesHearsItsOwnProbesAndStaysWhereItIs() {
    rig.send(net, frame(ALL, A, 1));
    assertThat(rig.count(a)).as("to itself, too").isEqualTo(1);
    assertThat(rig.count(b)).isEqualTo(1);
    rig.send(net, frame(B, A, 2));
    assertThat(rig.count(b)).isEqualTo(1);
    rig.send(net, frame(A, FAR, 3));
    assertThat(rig.count(a)).as("its place is unchanged").isEqualTo(1);
  }

  // Hostile frames

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 11, 13})
  void aFrameWithoutAnEthernetHeaderIsDropped(int bytes) {
    byte[] cut = first(frame(FAR, A, 1), bytes);
    for (Port end : new Port[] {a, net}) {
      assertRefused(end, "tx_drop_short", cut);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 15, 17})
  void aTagThatIsCutShortIsDropped(int bytes) {
    assertRefused(net, "tx_drop_short", first(tagged(5, frame(ALL, FAR, 1)), bytes));
    assertRefused(a, "tx_drop_short", first(tagged(0, frame(ALL, A, 1)), bytes));
  }

  @Test
  void fourteenBytesAreEnough() {
    assertPasses(a, first(frame(FAR, A, 1), 14));
    assertPasses(net, first(frame(A, FAR, 1), 14));
  }

  @Test
  void zeroAndGroupAddressesCannotSpeak() {
    Port s = hub.attach("s", EndConfig.OPEN);
    for (Port end : new Port[] {a, s, net}) {
      assertRefused(end, "tx_drop_source_invalid", new byte[60]);
      assertRefused(end, "tx_drop_source_invalid", frame(FAR, ALL, 1));
      assertRefused(end, "tx_drop_source_invalid", frame(FAR, 0x0100_5e00_0001L, 1));
    }
    assertThat(hub.addresses()).isZero();
  }

  @Test
  void zeroAsDestinationIsAnAddressThatNobodyHas() {
    rig.send(a, frame(0, A, 1));
    assertThat(rig.count(net)).isEqualTo(1);
    assertRefused(net, "tx_drop_unknown", frame(0, FAR, 1));
  }

  // Protocols of the link

  @Test
  void aGuestTakesNoPartInProtocolsOfTheLink() {
    for (int i = 0; i < 16; i++) {
      assertRefused(a, "tx_drop_reserved_group", frame(0x0180_c200_0000L + i, A, i));
      assertRefused(net, "tx_drop_reserved_group", frame(0x0180_c200_0000L + i, FAR, i));
    }
    assertPasses(a, frame(0x0180_c200_0010L, A, 1));
  }

  @Test
  void lacpIsBetweenTheNicAndTheEndThatTakesPart() {
    Port bond = hub.attach("bond", EndConfig.OPEN.reserved(true));
    Port session = hub.attach("session", EndConfig.OPEN);
    rig.send(net, frame(LACP, FAR, 1));
    assertThat(rig.numbers(bond)).containsExactly(1);
    rig.send(bond, frame(LACP, C, 2));
    assertThat(rig.numbers(net)).containsExactly(2);
    assertRefused(session, "tx_drop_reserved_group", frame(LACP, C + 1, 3));
    Port second = hub.attach("bond2", EndConfig.OPEN.reserved(true));
    rig.send(net, frame(LACP, FAR, 4));
    assertThat(rig.numbers(bond)).containsExactly(4);
    assertThat(rig.numbers(second)).containsExactly(4);
    rig.assertSilence();
  }

  // ARP and neighbour discovery

  @Test
  void anArpSenderMustBeTheGuestItself() {
    assertPasses(a, Packets.arp(ALL, 1, A, IP, 0, IP + 1));
    byte[] lie = Packets.arp(ALL, 2, A, IP, B, IP);
    ByteBuffer.wrap(lie).putShort(22, (short) (B >>> 32)).putInt(24, (int) B);
    assertRefused(a, "tx_drop_neighbour_spoofed", lie);
    assertRefused(a, "tx_drop_neighbour_spoofed", first(lie, 41));
    assertRefused(a, "tx_drop_neighbour_spoofed", first(lie, 14));
    byte[] token = Packets.arp(ALL, 2, A, IP, B, IP);
    token[15] = 6; // IEEE 802 networks: the address is elsewhere
    assertRefused(a, "tx_drop_neighbour_spoofed", token);
    assertPasses(net, Packets.arp(ALL, 1, FAR, IP, 0, IP + 1));
  }

  @Test
  void theCheckOfArpAndNeighbourDiscoveryCanBeTurnedOff() {
    assertThat(hub.configure("a", EndConfig.guest(A).neighbours(false))).isTrue();
    byte[] lie = Packets.arp(ALL, 2, A, IP, B, IP);
    ByteBuffer.wrap(lie).putShort(22, (short) (B >>> 32)).putInt(24, (int) B);
    assertPasses(a, lie);
  }

  /// ICMPv6 of `type` with `fixed` bytes before the one link-layer address option.
  private static byte[] discovery(int type, int fixed, int option, long mac) {
    ByteBuffer bytes = Packets.ethernet(0x3333_0000_0001L, A, 0x86dd);
    bytes.putInt(0x6000_0000).putShort((short) (fixed + 8)).put((byte) 58).put((byte) 255);
    bytes.put(new byte[32]).put((byte) type).put(new byte[fixed - 1]);
    bytes.put((byte) option).put((byte) 1);
    Packets.mac(bytes, mac);
    return Packets.done(bytes);
  }

  @Test
  void anAddressInNeighbourDiscoveryMustBeTheGuests() {
    int[][] messages = {{133, 8, 1}, {134, 16, 1}, {135, 24, 1}, {136, 24, 2}, {137, 40, 1}};
    for (int[] m : messages) {
      assertPasses(a, discovery(m[0], m[1], m[2], A));
      assertRefused(a, "tx_drop_neighbour_spoofed", discovery(m[0], m[1], m[2], B));
    }
    assertPasses(a, discovery(137, 40, 2, B));
    assertPasses(a, discovery(128, 8, 1, B));
    assertPasses(a, discovery(138, 8, 1, B));
  }

  @Test
  void anOptionWithoutLengthOrCutShortDoesNotHoldUsUp() {
    byte[] endless = discovery(135, 24, 1, A);
    endless[14 + 40 + 24 + 1] = 0;
    assertRefused(a, "tx_drop_neighbour_spoofed", endless);
    byte[] whole = discovery(135, 24, 5, A);
    for (int n = 14; n < whole.length; n++) {
      assertPasses(a, first(whole, n));
    }
  }

  @Test
  void behindAPriorityTagTheCheckLooksToo() {
    byte[] lie = Packets.arp(ALL, 2, A, IP, B, IP);
    ByteBuffer.wrap(lie).putShort(22, (short) (B >>> 32)).putInt(24, (int) B);
    assertRefused(a, "tx_drop_neighbour_spoofed", tagged(0xe000, lie));
  }
}
