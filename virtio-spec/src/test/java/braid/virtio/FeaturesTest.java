package braid.virtio;

import static braid.virtio.Feature.CSUM;
import static braid.virtio.Feature.CTRL_MAC_ADDR;
import static braid.virtio.Feature.CTRL_RX;
import static braid.virtio.Feature.CTRL_VLAN;
import static braid.virtio.Feature.CTRL_VQ;
import static braid.virtio.Feature.GUEST_ANNOUNCE;
import static braid.virtio.Feature.GUEST_CSUM;
import static braid.virtio.Feature.GUEST_ECN;
import static braid.virtio.Feature.GUEST_TSO4;
import static braid.virtio.Feature.GUEST_TSO6;
import static braid.virtio.Feature.GUEST_UFO;
import static braid.virtio.Feature.GUEST_USO4;
import static braid.virtio.Feature.GUEST_USO6;
import static braid.virtio.Feature.HASH_REPORT;
import static braid.virtio.Feature.HASH_TUNNEL;
import static braid.virtio.Feature.HOST_ECN;
import static braid.virtio.Feature.HOST_TSO4;
import static braid.virtio.Feature.HOST_TSO6;
import static braid.virtio.Feature.HOST_UFO;
import static braid.virtio.Feature.HOST_USO;
import static braid.virtio.Feature.MAC;
import static braid.virtio.Feature.MQ;
import static braid.virtio.Feature.NOTF_COAL;
import static braid.virtio.Feature.RSC_EXT;
import static braid.virtio.Feature.RSS;
import static braid.virtio.Feature.VERSION_1;
import static braid.virtio.Feature.VQ_NOTF_COAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FeaturesTest {
  /// Each rule of 5.1.3.1: a bit, and sets with which it is complete.
  static Stream<Arguments> rules() {
    return Stream.of(
        Arguments.of(GUEST_TSO4, new long[] {Features.of(GUEST_CSUM)}),
        Arguments.of(GUEST_TSO6, new long[] {Features.of(GUEST_CSUM)}),
        Arguments.of(
            GUEST_ECN,
            new long[] {Features.of(GUEST_CSUM, GUEST_TSO4), Features.of(GUEST_CSUM, GUEST_TSO6)}),
        Arguments.of(GUEST_UFO, new long[] {Features.of(GUEST_CSUM)}),
        Arguments.of(GUEST_USO4, new long[] {Features.of(GUEST_CSUM)}),
        Arguments.of(GUEST_USO6, new long[] {Features.of(GUEST_CSUM)}),
        Arguments.of(HOST_TSO4, new long[] {Features.of(CSUM)}),
        Arguments.of(HOST_TSO6, new long[] {Features.of(CSUM)}),
        Arguments.of(
            HOST_ECN, new long[] {Features.of(CSUM, HOST_TSO4), Features.of(CSUM, HOST_TSO6)}),
        Arguments.of(HOST_UFO, new long[] {Features.of(CSUM)}),
        Arguments.of(HOST_USO, new long[] {Features.of(CSUM)}),
        Arguments.of(CTRL_RX, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(CTRL_VLAN, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(GUEST_ANNOUNCE, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(MQ, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(CTRL_MAC_ADDR, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(NOTF_COAL, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(
            RSC_EXT, new long[] {Features.of(CSUM, HOST_TSO4), Features.of(CSUM, HOST_TSO6)}),
        Arguments.of(RSS, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(VQ_NOTF_COAL, new long[] {Features.of(CTRL_VQ)}),
        Arguments.of(
            HASH_TUNNEL,
            new long[] {Features.of(CTRL_VQ, RSS), Features.of(CTRL_VQ, HASH_REPORT)}));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void aBitIsRefusedWithoutThoseItRequires(Feature feature, long[] complete)
      throws ProtocolException {
    long bit = feature.mask();
    assertThatThrownBy(() -> Features.check(-1, bit))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining(feature.name());
    assertThat(Features.reduce(bit)).isZero();
    for (long set : complete) {
      Features.check(-1, set | bit);
      assertThat(Features.reduce(set | bit)).isEqualTo(set | bit);
      // Each part of a complete set is needed.
      for (long rest = set; rest != 0; rest &= rest - 1) {
        long without = (set & ~Long.lowestOneBit(rest)) | bit;
        assertThatThrownBy(() -> Features.check(-1, without)).isInstanceOf(ProtocolException.class);
      }
    }
  }

  @Test
  void onlyWhatWasOfferedMayBeAccepted() throws ProtocolException {
    Features.check(Features.of(VERSION_1, MAC), Features.of(VERSION_1));
    assertThatThrownBy(() -> Features.check(Features.of(VERSION_1), Features.of(VERSION_1, MAC)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("MAC");
  }

  @ParameterizedTest
  @CsvSource({
    "CSUM, 0",
    "GUEST_CSUM, 1",
    "MTU, 3",
    "MAC, 5",
    "GUEST_TSO4, 7",
    "HOST_TSO4, 11",
    "MRG_RXBUF, 15",
    "STATUS, 16",
    "CTRL_VQ, 17",
    "GUEST_ANNOUNCE, 21",
    "MQ, 22",
    "INDIRECT_DESC, 28",
    "EVENT_IDX, 29",
    "PROTOCOL_FEATURES, 30",
    "VERSION_1, 32",
    "ACCESS_PLATFORM, 33",
    "RING_PACKED, 34",
    "IN_ORDER, 35",
    "SPEED_DUPLEX, 63"
  })
  void theNumbersAreThoseOfTheSpecification(Feature feature, int bit) {
    assertThat(feature.bit()).isEqualTo(bit);
    assertThat(feature.mask()).isEqualTo(1L << bit);
    assertThat(feature.in(1L << bit)).isTrue();
    assertThat(feature.in(~(1L << bit))).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Feature.class)
  void aBitFrom64OnIsInNoSetOf64(Feature feature) {
    if (feature.bit() >= 64) {
      assertThat(feature.in(-1)).isFalse();
      assertThatThrownBy(feature::mask).isInstanceOf(IllegalStateException.class);
    } else {
      assertThat(feature.in(-1)).isTrue();
    }
  }

  @Test
  void whatIsReducedPassesTheCheck() throws ProtocolException {
    Random random = new Random(5);
    for (int i = 0; i < 100_000; i++) {
      long mask = random.nextLong();
      long wanted = random.nextLong() & mask;
      Features.check(wanted, Features.reduce(wanted));
    }
    assertThat(Features.reduce(-1)).isEqualTo(-1);
  }

  @Test
  void namesAreForPeople() {
    assertThat(Features.names(0)).isEqualTo("none");
    assertThat(Features.names(Features.of(CSUM, VERSION_1) | 1L << 31))
        .isEqualTo("CSUM|VERSION_1|bit 31");
  }
}
