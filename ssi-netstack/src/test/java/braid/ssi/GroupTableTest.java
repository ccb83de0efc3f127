package braid.ssi;

import static braid.ssi.Rig.MS;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.PipePort;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What hosts join, and how it is joined anew. The frames are those of Linux hosts, by hand.
class GroupTableTest {
  private static final long MAC = Rig.HOST;
  private static final String SOURCE = "0200000000a0";
  private static final String V2_JOIN =
      "01005e010203 %s 0800 46c00020000040000102d1dd0a000002e101020394040000 1600 08fa e1010203"
          .formatted(SOURCE);

  @RegisterExtension final Pools pools = new Pools();

  private final Learned learned = new Learned();
  private final GroupTable groups = learned.groups;

  private void learn(String hex) {
    Frame frame = pools.hex(hex);
    groups.learn(frame, Wire.type(frame));
    frame.release();
  }

  private static String igmp(String message) {
    return "01005e000016"
        + SOURCE
        + "0800"
        + "46c000280000400001020000"
        + "0a000002e000001694040000"
        + message;
  }

  private static String mld(String message) {
    return "333300000016"
        + SOURCE
        + "86dd6000000000240001fe800000000000000000000000000002ff020000000000000000000000000016"
        + "3a000502000001 00".replace(" ", "")
        + message;
  }

  private static final String GROUP6 = "ff020000000000000000000000001234";
  private static final String SOURCE6 = "20010db8000000000000000000000009";

  /// All that the announcer sends after a switch, but the RARP request.
  private List<String> rejoined() {
    PipePort pipe = new PipePort("a", "b", 64);
    Announcer announcer =
        new Announcer(
            LocalAddresses.of(MAC),
            BondConfig.Announce.DEFAULT,
            learned,
            pools.control,
            new Counters());
    announcer.restart(0);
    announcer.send(pipe, 0);
    announcer.send(pipe, 100 * MS);
    List<String> sent = new ArrayList<>();
    Frame[] one = new Frame[1];
    while (pipe.far().receive(one, 1) == 1) {
      if (Wire.type(one[0]) != Wire.TYPE_RARP) {
        sent.add(HexFormat.of().formatHex(one[0].toBytes()));
      }
      one[0].release();
    }
    return sent;
  }

  @Test
  void aGroupJoinedByIgmpV2IsJoinedAnewByTheSameFrame() {
    learn(V2_JOIN);
    assertThat(rejoined())
        .as("once, though addresses are announced three times")
        .singleElement()
        .satisfies(
            f ->
                assertThat(f)
                    .startsWith(
                        "01005e010203"
                            + SOURCE
                            + "080046c0002000004000010242140a000002e101020394040000160006fae1010203"
                                .replace("4214", f.substring(48, 52))
                                .replace("06fa", f.substring(80, 84))));
    assertThat(sum(rejoined().getFirst(), 14, 24)).isEqualTo(0xffff);
    assertThat(sum(rejoined().getFirst(), 38, 8)).isEqualTo(0xffff);
  }

  /// Ones' complement sum of bytes, all ones when the checksum among them is right.
  private static int sum(String hex, int at, int bytes) {
    byte[] all = HexFormat.of().parseHex(hex);
    int sum = 0;
    for (int i = at; i < at + bytes; i += 2) {
      sum += (all[i] & 0xff) << 8 | (all[i + 1] & 0xff);
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  @Test
  void leavingForgets() {
    learn(V2_JOIN);
    learn(V2_JOIN.replace("1600", "1700"));
    assertThat(rejoined()).isEmpty();
  }

  @Test
  void igmpV3ChangeToExcludeIsReportedAsIsExclude() {
    learn(igmp("22000000" + "00000001" + "04000000e1010203"));
    String sent = rejoined().getFirst();
    assertThat(sent).startsWith("01005e000016").contains("0a000002e000001694040000");
    assertThat(sent.substring(76)).startsWith("2200").contains("00000001" + "02000000e1010203");
    assertThat(sum(sent, 38, 16)).isEqualTo(0xffff);
  }

  @Test
  void igmpV3SourcesHaveAReportEach() {
    learn(igmp("22000000" + "00000001" + "05000002e80102030a0000090a00000a"));
    assertThat(rejoined())
        .hasSize(2)
        .anySatisfy(f -> assertThat(f).contains("01000001e80102030a000009"))
        .anySatisfy(f -> assertThat(f).contains("01000001e80102030a00000a"))
        .allSatisfy(f -> assertThat(sum(f, 38, 20)).isEqualTo(0xffff));
    learn(igmp("22000000" + "00000001" + "06000001e80102030a000009"));
    assertThat(rejoined()).singleElement().satisfies(f -> assertThat(f).contains("0a00000a"));
    learn(igmp("22000000" + "00000001" + "03000000e8010203"));
    assertThat(rejoined()).isEmpty();
  }

  @Test
  void severalRecordsInOneReportAreAllRead() {
    learn(
        igmp(
            "22000000"
                + "00000003"
                + "04000000e1010203"
                + "04000000e1010204"
                + "03000000e1010203"));
    assertThat(rejoined()).singleElement().satisfies(f -> assertThat(f).contains("e1010204"));
  }

  @Test
  void mldV1AndItsDone() {
    String join = mld("83000000" + "00000000" + GROUP6).replace("333300000016", "333300001234");
    learn(join);
    assertThat(rejoined())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f).startsWith("333300001234" + SOURCE + "86dd60000000" + "00200001");
              assertThat(f).contains("fe800000000000000000000000000002" + GROUP6);
              assertThat(f).contains("3a00050200000100" + "8300");
              assertThat(mldSum(f, 24)).isEqualTo(0xffff);
            });
    learn(mld("84000000" + "00000000" + GROUP6));
    assertThat(rejoined()).isEmpty();
  }

  private static int mldSum(String f, int bytes) {
    int sum = sum(f, 22, 32) + bytes + 58 + sum(f, 62, bytes);
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  @Test
  void mldV2WithAndWithoutASource() {
    learn(mld("8f000000" + "00000001" + "04000000" + GROUP6));
    assertThat(rejoined())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f).startsWith("333300000016").contains("00000001" + "02000000" + GROUP6);
              assertThat(mldSum(f, 28)).isEqualTo(0xffff);
            });
    learn(mld("8f000000" + "00000001" + "03000001" + GROUP6 + SOURCE6));
    assertThat(rejoined())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f).contains("01000001" + GROUP6 + SOURCE6);
              assertThat(mldSum(f, 44)).isEqualTo(0xffff);
            });
  }

  @Test
  void aGroupInAVlanIsJoinedThere() {
    learn(V2_JOIN.replace("0800 46", "8100 0007 0800 46"));
    assertThat(rejoined().getFirst()).startsWith("01005e010203" + SOURCE + "810000070800");
  }

  @Test
  void groupsOfAHostThatLeftAreNotJoined() {
    learn(V2_JOIN.replace(SOURCE, "0200000000ff"));
    assertThat(groups.size()).isOne();
    assertThat(rejoined()).isEmpty();
  }

  @Test
  void theTableIsBoundedAndTheOldestGivesWay() {
    for (int i = 0; i < Limits.GROUPS + 5; i++) {
      learn(V2_JOIN.replace("e1010203", "e1010%03x".formatted(i)));
    }
    assertThat(groups.size()).isEqualTo(Limits.GROUPS);
    assertThat(groups.entry(0).groupLow).isEqualTo(0xe101_0005L);
  }

  @Test
  void reportsCutAnywhereAreReadAsFarAsTheyGo() {
    for (String whole :
        List.of(
            V2_JOIN,
            igmp("22000000" + "0000ffff" + "05000002e80102030a0000090a00000a"),
            mld("8f000000" + "0000ffff" + "03000001" + GROUP6 + SOURCE6))) {
      byte[] bytes = HexFormat.of().parseHex(whole.replace(" ", ""));
      for (int length = 14; length <= bytes.length; length++) {
        Frame frame = pools.frame(bytes);
        frame.headLength(length);
        groups.learn(frame, Wire.type(frame));
        frame.release();
      }
    }
    assertThat(groups.size()).isBetween(1, 4);
  }

  @Test
  void otherIpPacketsAreNotReports() {
    learn(HexFormat.of().formatHex(Rig.tcp(1, 0x10, 100, 0)));
    assertThat(groups.size()).isZero();
  }
}
