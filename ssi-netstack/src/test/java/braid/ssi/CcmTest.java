package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.Memory;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CcmTest {
  @RegisterExtension final Pools pools = new Pools();

  private final Maid maid = new Maid("braid");

  private Frame message(CcmInterval interval, boolean rdi, int status) {
    Frame frame = pools.data.take();
    Ccm.write(frame, 0x0200_0000_0001L, Continuity.GUEST, maid);
    Ccm.stamp(frame, 0x0102_0304, interval, rdi, status);
    return frame;
  }

  @Test
  void theBytesAreThoseOfTheStandard() {
    Frame frame = message(CcmInterval.MS_10, true, Ccm.STATUS_DOWN);
    String expected =
        "0180c2000030" // destination, level 0
            + "020000000001" // source
            + "8902" // CFM
            + "00" // level 0, version 0
            + "01" // CCM
            + "82" // RDI, interval code 2
            + "46" // first TLV offset 70
            + "01020304" // sequence
            + "0001" // MEP 1
            + "010205" // no domain name, character string, length 5
            + "6272616964" // braid
            + "00".repeat(40)
            + "00".repeat(16) // Y.1731
            + "04000102" // interface status: down
            + "00"; // end
    assertThat(HexFormat.of().formatHex(frame.toBytes())).isEqualTo(expected);
    assertThat(frame.length()).isEqualTo(Ccm.BYTES);
    frame.release();
  }

  @ParameterizedTest
  @EnumSource
  void everyIntervalComesBackFromItsCode(CcmInterval interval) {
    for (boolean rdi : new boolean[] {false, true}) {
      Frame frame = message(interval, rdi, Ccm.STATUS_UP);
      assertThat(Ccm.of(frame, maid, 0)).isTrue();
      assertThat(CcmInterval.of(Ccm.intervalCode(frame))).isEqualTo(interval);
      assertThat(Ccm.rdi(frame)).isEqualTo(rdi);
      assertThat(Ccm.sequence(frame)).isEqualTo(0x0102_0304);
      assertThat(Ccm.mepId(frame)).isEqualTo(1);
      assertThat(Ccm.interfaceStatus(frame)).isEqualTo(Ccm.STATUS_UP);
      frame.release();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void aMessageOfAnotherLevelIsSomebodyElses(int level) {
    Continuity config = new Continuity(CcmInterval.MS_10, "braid", level, 1);
    Frame frame = pools.data.take();
    Ccm.write(frame, 1, config, maid);
    for (int mine = 0; mine < 8; mine++) {
      assertThat(Ccm.of(frame, maid, mine)).isEqualTo(mine == level);
    }
    assertThat(frame.mac(0)).isEqualTo(0x0180_c200_0030L + level);
    frame.release();
  }

  @Test
  void anotherAssociationOpcodeOrACutMessageIsSomebodyElses() {
    Frame frame = message(CcmInterval.MS_10, false, 1);
    assertThat(Ccm.of(frame, new Maid("braid2"), 0)).isFalse();
    Wire.put8(frame, 15, 2);
    assertThat(Ccm.of(frame, maid, 0)).isFalse();
    Wire.put8(frame, 15, 1);
    frame.headLength(87);
    assertThat(Ccm.of(frame, maid, 0)).isFalse();
    frame.release();
  }

  /// Replaces the TLVs by these bytes.
  private int statusOf(String tlvs) {
    Frame frame = message(CcmInterval.MS_10, false, 1);
    byte[] bytes = HexFormat.of().parseHex(tlvs.replaceAll("\\s", ""));
    Memory.write(bytes, 0, frame.head() + 88, bytes.length);
    frame.headLength(88 + bytes.length);
    int status = Ccm.interfaceStatus(frame);
    frame.release();
    return status;
  }

  @Test
  void theInterfaceStatusIsFoundAmongOtherTlvs() {
    assertThat(statusOf("02000102 04000107 00")).isEqualTo(7);
    assertThat(statusOf("1f0000 04000101 00")).isEqualTo(Ccm.STATUS_UP);
    assertThat(statusOf("02000102 00")).isEqualTo(Ccm.STATUS_ABSENT);
    assertThat(statusOf("00 04000102")).as("after the end").isEqualTo(Ccm.STATUS_ABSENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "04",
        "0400",
        "040001",
        "04ffff01",
        "0400020101 00",
        "040000 00",
        "02000102",
        "020005 00"
      })
  void tlvsThatDoNotAddUpAreMalformed(String tlvs) {
    assertThat(statusOf(tlvs)).isEqualTo(Ccm.STATUS_MALFORMED);
  }

  @Test
  void aFirstTlvInsideTheFixedPartIsMalformed() {
    Frame frame = message(CcmInterval.MS_10, false, 1);
    Wire.put8(frame, 17, 69);
    assertThat(Ccm.interfaceStatus(frame)).isEqualTo(Ccm.STATUS_MALFORMED);
    Wire.put8(frame, 17, 255);
    assertThat(Ccm.interfaceStatus(frame)).isEqualTo(Ccm.STATUS_MALFORMED);
    frame.release();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomBytesNeverBreakTheReader(long seed) {
    Random random = new Random(seed);
    Mep mep = new Mep(Continuity.NODE);
    for (int i = 0; i < 20_000; i++) {
      Frame frame = message(CcmInterval.MS_10, false, 1);
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        Wire.put8(frame, random.nextInt(14, Ccm.BYTES), random.nextInt());
      }
      frame.headLength(random.nextInt(14, Ccm.BYTES + 1));
      if (mep.claims(frame)) {
        boolean _ = mep.heard(frame, true, i);
        assertThat(mep.verdict(i)).as("seed %d", seed).isNotNull();
      }
      frame.release();
    }
  }

  @Test
  void anAssociationsNameIsOneToFortyFiveCharacters() {
    Continuity longest = new Continuity(CcmInterval.S_1, "x".repeat(45), 0, 1);
    Maid name = new Maid(longest.maid());
    Frame frame = pools.data.take();
    Ccm.write(frame, 1, longest, name);
    assertThat(Ccm.of(frame, name, 0)).isTrue();
    assertThat(Ccm.of(frame, new Maid("x".repeat(44)), 0)).isFalse();
    frame.release();
  }
}
