package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LacpduTest {
  private static final LacpInfo ACTOR =
      new LacpInfo(0x1122, 0x0200_0000_0a0bL, 0x3344, 0x5566, 0x7788, 0x3d);
  private static final LacpInfo PARTNER =
      new LacpInfo(0xffff, 0x0200_0000_0c0dL, 0x0102, 0x0304, 0x0506, 0xc7);

  @RegisterExtension final Pools pools = new Pools();

  private Frame message() {
    Frame frame = pools.data.take();
    Lacpdu.write(frame, 0x0200_0000_0001L, ACTOR, PARTNER);
    return frame;
  }

  /// As in IEEE 802.1AX-2014, figure 6-8, byte by byte.
  @Test
  void aMessageHasTheBytesOfTheStandard() {
    Frame expected =
        pools.hex(
            "0180c2000002 020000000001 8809 01 01"
                + "0114 1122 020000000a0b 3344 5566 7788 3d 000000"
                + "0214 ffff 020000000c0d 0102 0304 0506 c7 000000"
                + "0310 0000 000000000000000000000000"
                + "0000"
                + "00".repeat(50));
    Frame frame = message();
    assertThat(frame.toBytes()).isEqualTo(expected.toBytes()).hasSize(Lacpdu.BYTES);
    assertThat(Lacpdu.kind(frame)).isEqualTo(Lacpdu.Kind.LACP);
    assertThat(Lacpdu.actor(frame)).isEqualTo(ACTOR);
    assertThat(Lacpdu.partner(frame)).isEqualTo(PARTNER);
    expected.release();
    frame.release();
  }

  private Lacpdu.Kind kindWith(int offset, int value) {
    Frame frame = message();
    Wire.put8(frame, offset, value);
    Lacpdu.Kind kind = Lacpdu.kind(frame);
    frame.release();
    return kind;
  }

  @Test
  void anotherVersionIsReadAsOursAndAnotherSubtypeIsNotOurs() {
    assertThat(kindWith(15, 2)).isEqualTo(Lacpdu.Kind.LACP);
    assertThat(kindWith(15, 0)).isEqualTo(Lacpdu.Kind.MALFORMED);
    assertThat(kindWith(14, 3)).as("OAM").isEqualTo(Lacpdu.Kind.OTHER);
    assertThat(kindWith(14, 10)).as("ESMC").isEqualTo(Lacpdu.Kind.OTHER);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 17, 36, 37})
  void wrongTlvsAreMalformed(int offset) {
    for (int value : new int[] {0, 3, 19, 21, 255}) {
      assertThat(kindWith(offset, value)).isEqualTo(Lacpdu.Kind.MALFORMED);
    }
  }

  @Test
  void aCutMessageIsMalformed() {
    Frame frame = message();
    for (int length = 14; length < Lacpdu.BYTES; length++) {
      frame.headLength(length);
      assertThat(Lacpdu.kind(frame)).isEqualTo(Lacpdu.Kind.MALFORMED);
    }
    frame.release();
  }

  @Test
  void aMarkersResponseRepeatsIt() {
    String body = "0005 020000000a0b 01020304 0000";
    Frame asked =
        pools.hex("0180c2000002 020000000002 8809 02 01 0110" + body + "0000" + "00".repeat(90));
    Frame expected =
        pools.hex("0180c2000002 020000000001 8809 02 01 0210" + body + "0000" + "00".repeat(90));
    assertThat(Lacpdu.kind(asked)).isEqualTo(Lacpdu.Kind.MARKER);
    assertThat(Lacpdu.requester(asked)).isEqualTo(0x0200_0000_0a0bL);
    byte[] marker = Lacpdu.markerSpace();
    Lacpdu.copyMarker(asked, marker);
    Frame answer = pools.data.take();
    Lacpdu.writeResponse(answer, 0x0200_0000_0001L, marker);
    assertThat(answer.toBytes()).isEqualTo(expected.toBytes());
    assertThat(Lacpdu.kind(answer)).isEqualTo(Lacpdu.Kind.RESPONSE);
    asked.release();
    expected.release();
    answer.release();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomBytesNeverBreakTheReader(long seed) {
    Random random = new Random(seed);
    Lacp lacp = new Lacp(LacpLab.FAST, 0x0200_0000_0001L);
    LacpPort port = lacp.add("p0", 0x0200_0000_0002L);
    lacp.link(port, LacpLab.GIGABIT, 0);
    for (int i = 0; i < 20_000; i++) {
      Frame frame = message();
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        Wire.put8(frame, random.nextInt(14, Lacpdu.BYTES), random.nextInt());
      }
      frame.headLength(random.nextInt(4) == 0 ? random.nextInt(14, Lacpdu.BYTES) : Lacpdu.BYTES);
      assertThat(lacp.heard(port, frame, i)).as("seed %d", seed).isNotNull();
      boolean _ = lacp.turn(i);
      frame.release();
    }
    assertThat(lacp.status()).hasSize(1);
  }
}
