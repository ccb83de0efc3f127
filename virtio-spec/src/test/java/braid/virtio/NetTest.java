package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.virtio.NetHeader.Fault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// virtio_net_hdr and the configuration space.
class NetTest {
  private static final long ALL = -1;
  private static final int CSUM = NetHeader.F_NEEDS_CSUM;

  @ParameterizedTest(
      name = "flags {0}, gso {1}, hdr_len {2}, gso_size {3}, csum {4}+{5}, frame {6}: {7}")
  @CsvSource({
    "0, 0, 0, 0, 0, 0, 60, NONE",
    "0, 0, 0, 0, 0, 0, 14, NONE",
    "0, 0, 0, 0, 0, 0, 13, FRAME_TOO_SHORT",
    "1, 0, 54, 0, 34, 16, 13, FRAME_TOO_SHORT",
    "0, 0, 60, 0, 0, 0, 60, NONE",
    "0, 0, 61, 0, 0, 0, 60, HDR_LEN_OUTSIDE_FRAME",
    "0, 0, 65535, 0, 0, 0, 60, HDR_LEN_OUTSIDE_FRAME",
    "1, 0, 54, 0, 34, 16, 60, NONE",
    "1, 0, 0, 0, 42, 16, 60, NONE",
    "1, 0, 0, 0, 43, 16, 60, CSUM_OUTSIDE_FRAME",
    "1, 0, 0, 0, 65535, 65535, 60, CSUM_OUTSIDE_FRAME",
    "0, 0, 0, 0, 65535, 65535, 60, NONE",
    "1, 1, 54, 1448, 34, 16, 3000, NONE",
    "1, 129, 54, 1448, 34, 16, 3000, NONE",
    "1, 4, 74, 1428, 54, 16, 3000, NONE",
    "1, 3, 42, 1472, 34, 6, 3000, NONE",
    "1, 5, 42, 1472, 34, 6, 3000, NONE",
    "0, 1, 54, 1448, 34, 16, 3000, GSO_WITHOUT_CSUM",
    "1, 1, 54, 0, 34, 16, 3000, GSO_SIZE_ZERO",
    "1, 2, 54, 1448, 34, 16, 3000, GSO_UNKNOWN",
    "1, 6, 54, 1448, 34, 16, 3000, GSO_UNKNOWN",
    "1, 128, 54, 1448, 34, 16, 3000, GSO_UNKNOWN",
    "1, 131, 54, 1448, 34, 16, 3000, GSO_UNKNOWN",
    "1, 33, 54, 1448, 34, 16, 3000, GSO_UNKNOWN",
    "1, 255, 54, 1448, 34, 16, 3000, GSO_UNKNOWN",
    "254, 0, 0, 0, 0, 0, 60, NONE",
  })
  void aHeaderIsCheckedInBothDirections(
      int flags,
      int type,
      int hdrLen,
      int gsoSize,
      int csumStart,
      int csumOffset,
      int frame,
      Fault fault) {
    long first = NetHeader.first(flags, type, hdrLen, gsoSize, csumStart);
    int last = NetHeader.last(csumOffset, 1);
    assertThat(NetHeader.checkSent(first, last, frame, ALL)).isEqualTo(fault);
    assertThat(NetHeader.checkReceived(first, last, frame, 1, ALL)).isEqualTo(fault);
  }

  @ParameterizedTest
  @CsvSource({
    "1, HOST_TSO4, GUEST_TSO4",
    "4, HOST_TSO6, GUEST_TSO6",
    "129, HOST_ECN, GUEST_ECN",
    "132, HOST_ECN, GUEST_ECN",
    "3, HOST_UFO, GUEST_UFO",
    "5, HOST_USO, GUEST_USO4",
  })
  void gsoNeedsItsFeature(int type, Feature host, Feature guest) {
    long first = NetHeader.first(CSUM, type, 54, 1448, 34);
    int last = NetHeader.last(16, 1);
    assertThat(NetHeader.checkSent(first, last, 3000, ~host.mask()))
        .isEqualTo(Fault.GSO_NOT_NEGOTIATED);
    long without = ~guest.mask() & ~(guest == Feature.GUEST_USO4 ? Feature.GUEST_USO6.mask() : 0);
    assertThat(NetHeader.checkReceived(first, last, 3000, 1, without))
        .isEqualTo(Fault.GSO_NOT_NEGOTIATED);
  }

  @Test
  void aPartialChecksumNeedsItsFeature() {
    long first = NetHeader.first(CSUM, 0, 54, 0, 34);
    int last = NetHeader.last(16, 1);
    assertThat(NetHeader.checkSent(first, last, 60, ~Feature.CSUM.mask()))
        .isEqualTo(Fault.CSUM_NOT_NEGOTIATED);
    assertThat(NetHeader.checkReceived(first, last, 60, 1, ~Feature.GUEST_CSUM.mask()))
        .isEqualTo(Fault.CSUM_NOT_NEGOTIATED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 65535})
  void aNumberOfBuffersThatThereAreNotIsRefusedOnlyFromADevice(int buffers) {
    int last = NetHeader.last(0, buffers);
    assertThat(NetHeader.checkReceived(0, last, 60, 3, ALL)).isEqualTo(Fault.NUM_BUFFERS);
    assertThat(NetHeader.checkReceived(0, last, 60, 3, ~Feature.MRG_RXBUF.mask()))
        .as("without MRG_RXBUF the field is not used")
        .isEqualTo(Fault.NONE);
    assertThat(NetHeader.checkSent(0, last, 60, ALL)).isEqualTo(Fault.NONE);
  }

  @Test
  void theFieldsLieWhereTheSpecificationPutsThem() {
    long first = NetHeader.first(0x11, 0x22, 0x3344, 0x5566, 0x7788);
    int last = NetHeader.last(0x99aa, 0xbbcc);
    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(first).putInt(last);
    assertThat(HexFormat.of().formatHex(bytes.array())).isEqualTo("1122443366558877aa99ccbb");
    assertThat(NetHeader.flags(first)).isEqualTo(0x11);
    assertThat(NetHeader.gsoType(first)).isEqualTo(0x22);
    assertThat(NetHeader.hdrLen(first)).isEqualTo(0x3344);
    assertThat(NetHeader.gsoSize(first)).isEqualTo(0x5566);
    assertThat(NetHeader.csumStart(first)).isEqualTo(0x7788);
    assertThat(NetHeader.csumOffset(last)).isEqualTo(0x99aa);
    assertThat(NetHeader.numBuffers(last)).isEqualTo(0xbbcc);
    assertThat(NetHeader.csumStart(NetHeader.first(0, 0, 0, 0, 0xffff))).isEqualTo(0xffff);
  }

  @Test
  void theConfigurationSpaceHasItsLayout() throws ProtocolException {
    NetConfig config =
        new NetConfig(0x5254_0012_3456L, NetConfig.LINK_UP, 2, 9000, 10_000, NetConfig.FULL_DUPLEX);
    byte[] bytes = config.encode();
    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo("525400123456" + "0100" + "0200" + "2823" + "10270000" + "01" + "00".repeat(11));
    assertThat(NetConfig.parse(bytes, ALL)).isEqualTo(config);
    assertThat(config.linkUp()).isTrue();
    assertThat(config.announce()).isFalse();
  }

  @Test
  void fieldsThatAreNotNegotiatedAreNotRead() throws ProtocolException {
    byte[] bytes = new byte[NetConfig.BYTES_MIN];
    Arrays.fill(bytes, (byte) 0xff);
    NetConfig config = NetConfig.parse(bytes, 0);
    assertThat(config.linkUp()).isTrue();
    assertThat(config.announce()).isFalse();
    assertThat(config.maxPairs()).isEqualTo(1);
    assertThat(config.mtu()).isEqualTo(1500);
    assertThat(config.speed()).isEqualTo(NetConfig.UNKNOWN_SPEED);
    assertThat(config.duplex()).isEqualTo(NetConfig.UNKNOWN_DUPLEX);
    assertThat(config.mac()).isEqualTo(0xffff_ffff_ffffL);
  }

  @Test
  void aSpaceThatEndsBeforeANegotiatedFieldIsRefused() {
    byte[] bytes = new NetConfig(0, 1, 1, 1500, 0, 1).encode();
    for (int size = 0; size < NetConfig.DUPLEX + 1; size++) {
      byte[] cut = Arrays.copyOf(bytes, size);
      assertThatThrownBy(() -> NetConfig.parse(cut, ALL)).isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void anMtuOrAPairCountOutOfRangeIsRefused() {
    byte[] bytes = new NetConfig(0, 1, 1, 68, 0, 1).encode();
    bytes[NetConfig.MTU] = 67;
    assertThatThrownBy(() -> NetConfig.parse(bytes, ALL)).isInstanceOf(ProtocolException.class);
    bytes[NetConfig.MTU] = 68;
    bytes[NetConfig.MAX_PAIRS] = 0;
    assertThatThrownBy(() -> NetConfig.parse(bytes, ALL)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> new NetConfig(0, 1, 1, 67, 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new NetConfig(1L << 48, 1, 1, 1500, 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
