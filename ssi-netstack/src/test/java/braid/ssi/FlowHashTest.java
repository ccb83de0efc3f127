package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Frame;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FlowHashTest {
  @RegisterExtension final Pools pools = new Pools();

  static Stream<Arguments> vectors() throws IOException {
    List<Arguments> all = new ArrayList<>();
    try (InputStream in = FlowHashTest.class.getResourceAsStream("/braid/ssi/flow-hash.txt")) {
      assertThat(in).isNotNull();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        if (!line.startsWith("#")) {
          String[] parts = line.split("\\|");
          String[] hashes = parts[2].trim().split(" ");
          for (HashPolicy policy : HashPolicy.values()) {
            all.add(
                Arguments.of(parts[0].trim(), policy, parts[1].trim(), hashes[policy.ordinal()]));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("vectors")
  void theHashIsTheKernels(String name, HashPolicy policy, String hex, String expected) {
    Frame frame = pools.hex(hex);
    assertThat(Integer.toUnsignedString(FlowHash.hash(policy, frame))).as(name).isEqualTo(expected);
    frame.release();
  }

  private int hash(HashPolicy policy, byte[] bytes) {
    Frame frame = pools.frame(bytes);
    int hash = FlowHash.hash(policy, frame);
    frame.release();
    return hash;
  }

  private static byte[] tcp(int source, int destination, int sourcePort, int destinationPort) {
    var bytes = Packets.ethernet(Lab.PEER, Lab.BOND, 0x0800);
    bytes.put((byte) 0x45).put((byte) 0).putShort((short) 40).putInt(0x4000).put((byte) 64);
    bytes.put((byte) 6).putShort((short) 0).putInt(source).putInt(destination);
    bytes.putShort((short) sourcePort).putShort((short) destinationPort);
    return Packets.done(bytes.put(new byte[16]));
  }

  /// 10.0.0.2:40000 to 10.0.0.1:80. Ports in memory: 9c 40 00 50, so 0x5000409c. Addresses:
  /// exclusive or 00 00 00 03, so 0x03000000. Together 0x5300409c; folded by 16: 0x5300139c, by 8:
  /// 0x5353138f; the lowest bit goes: 0x29a989c7.
  @Test
  void layer34ByHand() {
    assertThat(hash(HashPolicy.LAYER3_4, tcp(0x0a00_0002, 0x0a00_0001, 40_000, 80)))
        .isEqualTo(0x29a9_89c7);
  }

  /// The kernel puts the tag back into the frame before it hashes MPLS: MACs end in 77 and 79, the
  /// type is that of the tag; and with vlan+srcmac there is no tag.
  @Test
  void aTagBeforeMplsIsInTheFrameWhateverIsBetween() {
    for (String tail : List.of("8847", "8848", "8100 0005 8847")) {
      Frame frame = pools.hex("f708a9bc6877 cd07643cc579 8100 8317" + tail + "00".repeat(40));
      assertThat(FlowHash.hash(HashPolicy.LAYER2, frame)).isEqualTo(0x8100 ^ 0x77 ^ 0x79);
      assertThat(FlowHash.hash(HashPolicy.VLAN_SRCMAC, frame)).isEqualTo(0xcd0764 ^ 0x3cc579);
      frame.release();
    }
  }

  /// MACs end in a0 and bb, type 0x0800: 0x81b. With the addresses 0x0300081b; folded by 16:
  /// 0x03000b1b, by 8: 0x03030b10.
  @Test
  void layer23ByHand() {
    assertThat(hash(HashPolicy.LAYER2_3, tcp(0x0a00_0002, 0x0a00_0001, 40_000, 80)))
        .isEqualTo(0x0303_0b10);
  }

  @Test
  void theMemberIsTheRemainderOfTheUnsignedHash() {
    assertThat(FlowHash.member(7, 3)).isEqualTo(1);
    assertThat(FlowHash.member(-1, 3)).isZero();
    assertThat(FlowHash.member(-1, 64)).isEqualTo(63);
    assertThat(FlowHash.member(5, 1)).isZero();
  }

  @ParameterizedTest
  @EnumSource(HashPolicy.class)
  void aFrameTooShortForEthernetHasHashZero(HashPolicy policy) {
    for (int length = 0; length < 14; length++) {
      Frame frame = pools.frame(new byte[64]);
      frame.headLength(length);
      assertThat(FlowHash.hash(policy, frame)).isZero();
      frame.release();
    }
  }

  /// Assertions are on: a read beyond the head would fail.
  @ParameterizedTest
  @EnumSource(HashPolicy.class)
  void hostileHeadersAreNeverReadBeyondTheHead(HashPolicy policy) throws IOException {
    Random random = new Random(policy.ordinal());
    List<String> frames = vectors().map(v -> (String) v.get()[2]).distinct().toList();
    FlowHash hash = new FlowHash();
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = HexFormat.of().parseHex(frames.get(random.nextInt(frames.size())));
      for (int flips = random.nextInt(4); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Frame frame = pools.frame(bytes);
      frame.headLength(random.nextInt(bytes.length + 1));
      int first = hash.of(policy, frame);
      assertThat(hash.of(policy, frame)).as("the same twice").isEqualTo(first);
      frame.release();
    }
  }

  @Test
  void manyFlowsSpreadEvenly() {
    Random random = new Random(1);
    int[] members = new int[3];
    for (int i = 0; i < 3000; i++) {
      byte[] bytes = tcp(0x0a00_0002, 0x0a00_0001, 32_768 + random.nextInt(28_000), 5201);
      members[FlowHash.member(hash(HashPolicy.LAYER3_4, bytes), 3)]++;
    }
    assertThat(members).as("of 3000").satisfies(m -> assertThat(m).hasSize(3));
    for (int flows : members) {
      assertThat(flows).isBetween(900, 1100);
    }
  }

  @Test
  void namesAreThoseOfLinux() {
    assertThat(HashPolicy.texts())
        .containsExactly("layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac");
    assertThat(HashPolicy.of("vlan+srcmac")).isEqualTo(HashPolicy.VLAN_SRCMAC);
    assertThatThrownBy(() -> HashPolicy.of("layer4"))
        .hasMessageContaining("hash policy is one of layer2, layer2+3");
  }
}
