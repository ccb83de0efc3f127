package braid.cli.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.cli.control.NodeView;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What people read, without a node.
class ScreensTest {
  private static final String MACS = "020000000002" + "020000000001";

  @Test
  void columnsAreAlignedAndNumbersStandRight() {
    Table table = new Table(false, "NAME", ">COUNT", "REST");
    table.row().cell("a").cell(5).cell("x");
    table.row().cell("longer").cell(12345).cell("");
    assertThat(table)
        .hasToString(
            """
            NAME    COUNT  REST
            a           5  x
            longer  12345
            """);
  }

  @Test
  void coloursDoNotDisturbTheColumns() {
    Table table = new Table(true, "A", "B");
    table.row().cell("up", Table.Mood.GOOD).cell("x");
    table.row().cell("longer", Table.Mood.BAD).cell("y");
    assertThat(table.toString().replaceAll("\u001b\\[[0-9;]*m", ""))
        .isEqualTo("A       B\nup      x\nlonger  y\n");
    assertThat(table.toString()).contains("\u001b[");
  }

  @ParameterizedTest
  @CsvSource({"0,-", "100,100M", "1000,1G", "2500,2.5G", "10000,10G", "100000,100G"})
  void speeds(long mbps, String text) {
    assertThat(Units.speed(mbps)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0,0", "99999,99999", "100000,100k", "1234567,1.2M", "9876543210,9.9G"})
  void counts(long value, String text) {
    assertThat(Units.count(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"9999,9999", "10240,10.0K", "5242880,5.0M", "1099511627776,1.0T"})
  void bytes(long value, String text) {
    assertThat(Units.bytes(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"-5,0s", "59,59s", "61,1m1s", "3600,1h0m", "90000,1d1h"})
  void spans(long seconds, String text) {
    assertThat(Units.span(Duration.ofSeconds(seconds))).isEqualTo(text);
  }

  @Test
  void routineDropsAreNoLosses() {
    assertThat(List.of("tx_drop_full", "rx_drop_too_short", "tx_drop_no_member"))
        .allMatch(NodeView.Port::loss);
    assertThat(List.of("rx_drop_inactive", "tx_drop_link_down", "tx_frames", "captured"))
        .noneMatch(NodeView.Port::loss);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0806 0001080006040001020000000001 0a000001 000000000000 0a000002 | ARP who has 10.0.0.2 from 10.0.0.1
          0800 45000028000000004006 0000 0a000001 0a000002 01bb 1234 | 10.0.0.1.443 > 10.0.0.2.4660 TCP
          0800 45000028000000094011 0000 0a000001 0a000002 01bb 1234 | 10.0.0.1 > 10.0.0.2 fragment
          0800 45000028000000004001 0000 0a000001 0a000002 0800 | 10.0.0.1 > 10.0.0.2 ICMP
          86dd 600000000008113f 20010db8000000000000000000000001 20010db8000000000000000000000002 0035 0036 | 2001:db8::1.53 > 2001:db8::2.54 UDP
          8100 0064 0800 45000028000000004002 0000 0a000001 e0000001 | vlan 100 10.0.0.1 > 224.0.0.1 IGMP
          88a8 0001 8100 0002 8902 00 | vlan 1 vlan 2 CFM
          8809 01 | LACP
          1234 00 | type 0x1234
          0026 42 | 802.3 of 38 bytes
          0800 45 | IPv4
          8100 | type 0x8100
          """)
  void frames(String hex, String text) {
    byte[] frame = HexFormat.of().parseHex(MACS + hex.replace(" ", ""));
    assertThat(FrameText.of(frame)).isEqualTo("02:00:00:00:00:01 > 02:00:00:00:00:02 " + text);
  }

  @Test
  void anyBytesHaveAText() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int[] types = {0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8};
    for (int i = 0; i < 50_000; i++) {
      byte[] frame = new byte[random.nextInt(80)];
      random.nextBytes(frame);
      if (frame.length > 13) {
        int type = types[random.nextInt(types.length)];
        frame[12] = (byte) (type >> 8);
        frame[13] = (byte) type;
      }
      assertThat(FrameText.of(frame)).as("seed %d", seed).isNotEmpty();
    }
  }

  @Test
  void blocksThatArriveByteForByteAreRead() throws IOException {
    ByteBuffer out = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(1).putInt(28).putShort((short) 1).putShort((short) 0).putInt(100);
    out.putShort((short) 2).putShort((short) 2).put(new byte[] {'a', '0', 0, 0}).putInt(28);
    out.putInt(6).putInt(60).putInt(0).putInt(1).putInt(2).putInt(14).putInt(1514);
    out.put(new byte[16]).putShort((short) 2).putShort((short) 4).putInt(2).putInt(0).putInt(60);
    out.flip();
    List<PacketBlocks.Packet> packets = new ArrayList<>();
    PacketBlocks blocks = new PacketBlocks();
    while (out.hasRemaining()) {
      blocks.add(new byte[] {out.get()}, packets::add);
    }
    assertThat(packets)
        .containsExactly(
            new PacketBlocks.Packet(
                "a0",
                (1L << 32) + 2,
                false,
                1514,
                "00:00:00:00:00:00 > 00:00:00:00:00:00 802.3 of 0 bytes"));
    assertThatThrownBy(() -> blocks.add(new byte[12], packets::add))
        .isInstanceOf(IOException.class);
  }

  @Test
  void nicsAreWrittenAsOnTheNodesCommandLine() {
    JsonObject nic = NicCommand.nic("a1=tap:brd-a1,bridge=br1");
    assertThat(nic)
        .hasToString("{\"name\":\"a1\",\"settings\":{\"tap\":\"brd-a1\",\"bridge\":\"br1\"}}");
    assertThat(NicCommand.nic("a1=tap=brd-a1")).isNotNull();
    for (String wrong : List.of("a1", "=tap:x", "a1=tap:x,tap=y", "a1=tap:x,,", "a1=")) {
      assertThatThrownBy(() -> NicCommand.nic(wrong)).as(wrong).hasMessageContaining(wrong);
    }
  }
}
