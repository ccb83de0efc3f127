package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ArpProbeTest {
  private static final long PROBE = 0x0200_0000_00a1L;
  private static final long TARGET = 0x0200_0000_0bbbL;
  private static final int TARGET_IP = 0x0a00_0001;

  @RegisterExtension final Pools pools = new Pools();

  private final ArpProbe probe = new ArpProbe(ArpTarget.of("10.0.0.1"), PROBE);

  private boolean answers(byte[] bytes) {
    Frame frame = pools.frame(bytes);
    boolean answers = probe.answers(frame, Wire.type(frame));
    frame.release();
    return answers;
  }

  @Test
  void theQuestionNamesNoSenderAddress() {
    Frame frame = pools.data.take();
    probe.write(frame, 0);
    assertThat(HexFormat.of().formatHex(frame.toBytes()))
        .isEqualTo(
            "ffffffffffff0200000000a10806"
                + "00010800060400010200000000a100000000"
                + "0000000000000a000001"
                + "00".repeat(18));
    frame.release();
  }

  @Test
  void onlyTheTargetsReplyToThisMemberCounts() {
    assertThat(answers(Packets.arp(PROBE, 2, TARGET, TARGET_IP, PROBE, 0))).isTrue();
    assertThat(answers(Packets.arp(PROBE, 1, TARGET, TARGET_IP, PROBE, 0))).as("request").isFalse();
    assertThat(answers(Packets.arp(PROBE, 2, TARGET, TARGET_IP + 1, PROBE, 0)))
        .as("another host")
        .isFalse();
    assertThat(answers(Packets.arp(PROBE, 2, TARGET, TARGET_IP, PROBE + 1, 0)))
        .as("to another member")
        .isFalse();
    assertThat(answers(Packets.arp(Wire.BROADCAST, 2, TARGET, TARGET_IP, PROBE, 0)))
        .as("broadcast")
        .isFalse();
  }

  @Test
  void aCutReplyIsNone() {
    Frame frame = pools.frame(Packets.arp(PROBE, 2, TARGET, TARGET_IP, PROBE, 0));
    frame.headLength(41);
    assertThat(probe.answers(frame, Wire.type(frame))).isFalse();
    frame.release();
  }

  @Test
  void threeMissedAnswersAreLoss() {
    probe.beat().reset(0);
    probe.beat().heard(0);
    assertThat(probe.beat().lost(34_999_999)).isFalse();
    assertThat(probe.beat().lost(35_000_000)).isTrue();
  }

  @Test
  void aMemberWithTheBondsAddressProbesFromAnother() {
    assertThat(Macs.probe(5, LocalAddresses.of(6))).isEqualTo(5);
    assertThat(Macs.probe(0x5254_0012_3456L, LocalAddresses.of(0x5254_0012_3456L)))
        .isEqualTo(0x5254_0092_3456L);
    assertThat(Macs.probe(0x0050_5612_3456L, LocalAddresses.of(0x0050_5612_3456L)))
        .as("locally administered")
        .isEqualTo(0x0250_5692_3456L);
  }
}
