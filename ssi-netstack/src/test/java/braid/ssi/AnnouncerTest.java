package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.PipePort;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AnnouncerTest {
  private static final long MAC = 0x0200_0000_00a0L;
  private static final String LINK_LOCAL = "fe800000000000000000000000000001";
  private static final String GLOBAL = "20010db8000000000000000000000002";

  @RegisterExtension final Pools pools = new Pools();

  private final Learned learned = new Learned();
  private final AddressTable addresses = learned.addresses;
  private final Counters counters = new Counters();
  private final Announcer announcer =
      new Announcer(
          LocalAddresses.of(MAC), BondConfig.Announce.DEFAULT, learned, pools.control, counters);

  private void learn(byte[] bytes) {
    Frame frame = pools.frame(bytes);
    addresses.learn(frame, Wire.type(frame));
    frame.release();
  }

  private List<byte[]> round() {
    PipePort pipe = new PipePort("a", "b", 64);
    announcer.restart(0);
    announcer.send(pipe, 0);
    Frame[] batch = new Frame[64];
    int count = pipe.far().receive(batch, 64);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      frames.add(batch[i].toBytes());
      batch[i].release();
    }
    return frames;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /// Neighbour discovery by hand: IPv6 with a 24-byte message and no options.
  private static byte[] discovery(int type, int flags, String source, String target) {
    ByteBuffer bytes = Packets.ethernet(0x3333_0000_0001L, MAC, 0x86dd);
    bytes.putInt(0x6000_0000).putShort((short) 24).put((byte) 58).put((byte) 255);
    bytes
        .put(HexFormat.of().parseHex(source))
        .put(HexFormat.of().parseHex("ff02" + "0".repeat(27) + "1"));
    bytes.put((byte) type).put((byte) 0).putShort((short) 0).put((byte) flags).put(new byte[3]);
    bytes.put(HexFormat.of().parseHex(target));
    return Packets.done(bytes);
  }

  @Test
  void anIpv4AddressIsAnnouncedByGratuitousArpInRequestForm() {
    learn(Packets.arp(Wire.BROADCAST, 1, MAC, 0x0a00_0002, 0, 0x0a00_0001));
    assertThat(round())
        .singleElement()
        .satisfies(
            f ->
                assertThat(hex(f))
                    .isEqualTo(
                        "ffffffffffff0200000000a00806"
                            + "00010800060400010200000000a00a000002"
                            + "0000000000000a000002"
                            + "00".repeat(18)));
  }

  @Test
  void anArpProbeOfTheHostClaimsNothing() {
    learn(Packets.arp(Wire.BROADCAST, 1, MAC, 0, 0, 0x0a00_0002));
    assertThat(addresses.size()).isZero();
  }

  @Test
  void anArpFrameForAnotherStationIsNotTheHosts() {
    byte[] bytes = Packets.arp(Wire.BROADCAST, 1, MAC, 0x0a00_0002, 0, 1);
    bytes[27] ^= 1;
    learn(bytes);
    assertThat(addresses.size()).isZero();
  }

  @Test
  void anIpv6AddressIsAnnouncedByAdvertisementWithAValidChecksum() {
    learn(discovery(135, 0, GLOBAL, LINK_LOCAL));
    byte[] frame = round().getFirst();
    assertThat(hex(frame))
        .startsWith("333300000001" + "0200000000a0" + "86dd" + "6000000000203aff" + GLOBAL)
        .endsWith("20000000" + GLOBAL + "0201" + "0200000000a0");
    assertThat(onesComplementSum(frame)).isEqualTo(0xffff);
  }

  /// Over addresses, length, next header and message, checksum included: all ones when right.
  private static int onesComplementSum(byte[] frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    long sum = 32 + 58;
    for (int at = 22; at < frame.length; at += 2) {
      sum += bytes.getShort(at) & 0xffff;
    }
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) sum;
  }

  @Test
  void anAdvertisedAddressIsTheTargetAndARouterStaysOne() {
    learn(discovery(136, 0x80, LINK_LOCAL, GLOBAL));
    assertThat(hex(round().getFirst())).contains("a0000000" + GLOBAL);
    learn(discovery(136, 0x00, LINK_LOCAL, GLOBAL));
    assertThat(hex(round().getFirst())).contains("20000000" + GLOBAL);
  }

  @Test
  void aRouterAdvertisementMakesItsSenderARouter() {
    learn(discovery(134, 0, LINK_LOCAL, GLOBAL));
    assertThat(hex(round().getFirst())).contains("a0000000" + LINK_LOCAL);
  }

  @Test
  void duplicateAddressDetectionAndOtherIcmpClaimNothing() {
    learn(discovery(135, 0, "0".repeat(32), GLOBAL));
    learn(discovery(128, 0, GLOBAL, GLOBAL));
    assertThat(addresses.size()).isZero();
  }

  @Test
  void theSourceOfAnOrdinaryPacketIsNotLearned() {
    learn(Packets.done(Packets.ethernet(1, MAC, 0x0800).put(new byte[40])));
    assertThat(addresses.size()).isZero();
  }

  @Test
  void anAddressInAVlanIsAnnouncedThere() {
    byte[] plain = Packets.arp(Wire.BROADCAST, 1, MAC, 0x0a00_0002, 0, 0x0a00_0001);
    ByteBuffer tagged = ByteBuffer.allocate(64);
    tagged.put(plain, 0, 12).putInt(0x8100_6007).put(plain, 12, 48);
    learn(tagged.array().clone());
    assertThat(round())
        .anySatisfy(f -> assertThat(hex(f)).startsWith("ffffffffffff0200000000a0810000070806"));
  }

  @Test
  void eachAddressIsAnnouncedOnceAndTheOldestGivesWay() {
    int last = Limits.ADDRESSES + 2;
    for (int i = 1; i <= last; i++) {
      learn(Packets.arp(Wire.BROADCAST, 1, MAC, i, 0, 99));
      learn(Packets.arp(Wire.BROADCAST, 1, MAC, i, 0, 99));
    }
    assertThat(round().stream().map(f -> Packets.int32(f, 28)))
        .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(3, last).boxed().toList());
  }

  @Test
  void framesTooShortForWhatTheyClaimAreIgnored() {
    for (byte[] whole :
        List.of(
            Packets.arp(Wire.BROADCAST, 1, MAC, 5, 0, 99), discovery(136, 0, LINK_LOCAL, GLOBAL))) {
      for (int length = 14; length < (Packets.type(whole) == 0x0806 ? 42 : 78); length++) {
        Frame frame = pools.frame(whole);
        frame.headLength(length);
        addresses.learn(frame, Wire.type(frame));
        frame.release();
      }
    }
    assertThat(addresses.size()).isZero();
  }

  @Test
  void withNoFrameFreeTheRoundIsCutShortAndCounted() {
    learn(Packets.arp(Wire.BROADCAST, 1, MAC, 5, 0, 99));
    List<Frame> taken = new ArrayList<>();
    while (pools.control.available() > 0) {
      taken.add(pools.control.take());
    }
    assertThat(round()).isEmpty();
    assertThat(counters.noControlFrame.get()).isEqualTo(1);
    taken.forEach(Frame::release);
  }
}
