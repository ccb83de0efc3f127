package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class NsProbeTest {
  private static final long PROBE = 0x0200_0000_00a1L;
  private static final String OURS = "fe80000000000000" + "000000fffe0000a1";
  private static final String TARGET = "20010db8000000000000000000123456";

  @RegisterExtension final Pools pools = new Pools();

  private final NsProbe probe = new NsProbe(NsTarget.of("2001:db8::12:3456"), PROBE);

  private static byte[] answer(long destination, int hops, int type, int flags, String target) {
    ByteBuffer bytes = Packets.ethernet(destination, Lab.PEER, 0x86dd);
    bytes.putInt(0x6000_0000).putShort((short) 24).put((byte) 58).put((byte) hops);
    bytes.put(HexFormat.of().parseHex(TARGET)).put(HexFormat.of().parseHex(OURS));
    bytes.put((byte) type).put(new byte[3]).put((byte) flags).put(new byte[3]);
    return Packets.done(bytes.put(HexFormat.of().parseHex(target)));
  }

  private boolean answers(byte[] bytes) {
    Frame frame = pools.frame(bytes);
    boolean answers = probe.answers(frame, Wire.type(frame));
    frame.release();
    return answers;
  }

  @Test
  void theQuestionGoesToTheSolicitedNodeGroupFromAnAddressOfTheProbes() {
    Frame frame = pools.data.take();
    probe.write(frame, 0);
    String hex = HexFormat.of().formatHex(frame.toBytes());
    assertThat(hex)
        .startsWith(
            "3333ff123456"
                + "0200000000a1"
                + "86dd"
                + "6000000000203aff"
                + OURS
                + "ff0200000000000000000001ff123456"
                + "8700")
        .endsWith("00000000" + TARGET + "0101" + "0200000000a1");
    frame.release();
  }

  @Test
  void onlyTheTargetsSolicitedAnswerToThisMemberCounts() {
    assertThat(answers(answer(PROBE, 255, 136, 0x60, TARGET))).isTrue();
    assertThat(answers(answer(PROBE + 1, 255, 136, 0x60, TARGET))).as("to another").isFalse();
    assertThat(answers(answer(PROBE, 64, 136, 0x60, TARGET))).as("from afar").isFalse();
    assertThat(answers(answer(PROBE, 255, 135, 0x60, TARGET))).as("a question").isFalse();
    assertThat(answers(answer(PROBE, 255, 136, 0x20, TARGET))).as("unsolicited").isFalse();
    assertThat(answers(answer(PROBE, 255, 136, 0x60, OURS))).as("another host").isFalse();
  }

  @Test
  void aCutAnswerIsNone() {
    byte[] whole = answer(PROBE, 255, 136, 0x60, TARGET);
    for (int length = 14; length < 78; length++) {
      Frame frame = pools.frame(whole);
      frame.headLength(length);
      assertThat(probe.answers(frame, Wire.TYPE_IPV6)).isFalse();
      frame.release();
    }
  }
}
