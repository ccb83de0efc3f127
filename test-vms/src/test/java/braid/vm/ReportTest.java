package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final List<String> SAID =
      List.of(
          "gap t=740.718 ms=6.049 net_ms=1.031 pace_ms=6.018 first=16 last=17 lost=0",
          "[    1.0] something the kernel said",
          "now t=1.0 wall=5 sent=30 received=2 highest=19",
          "gap t=900.000 ms=12.500 net_ms=12.500 pace_ms=12.000 first=20 last=31 lost=10",
          "duplicate number=5 times=2",
          "missing first=21 last=30",
          "report sent=100 received=40 lost=10 duplicated=1 reordered=0 highest=49"
              + " max_gap_ms=12.500 late_sends=3 t=1000.000 wall=1700000001000000");

  @Test
  void aReportIsReadWhole() {
    UdpReport report = UdpReport.parse(SAID);
    assertThat(report.sent()).isEqualTo(100);
    assertThat(report.missing()).containsExactly(new UdpReport.Range(21, 30));
    assertThat(report.gaps()).hasSize(2);
    assertThat(report.maxGapMillis()).isEqualTo(12.5);
    assertThat(report.startMillis()).isEqualTo(1_700_000_000_000.0);
  }

  @Test
  void lossesAndGapsAreCountedWithinTheNumbersOfAFault() {
    UdpReport report = UdpReport.parse(SAID);
    assertThat(report.lostWithin(0, 21)).isZero();
    assertThat(report.lostWithin(25, 50)).isEqualTo(6);
    assertThat(report.lostWithin(40, 60)).as("sent last and never came").isEqualTo(10);
    assertThat(report.duplicatedWithin(0, 6)).isEqualTo(1);
    assertThat(report.longestPauseWithin(18, 40)).isEqualTo(12.5);
    assertThat(report.longestPauseWithin(40, 50)).isZero();
    assertThat(report.longestPauseWithin(10, 18)).isEqualTo(6.049);
    assertThat(report.longestOutageWithin(10, 18)).as("the sender was late").isEqualTo(1.031);
    assertThat(report.longestOutageWithin(18, 40)).isEqualTo(12.5);
  }

  @Test
  void aGapThatALatePacketEndsBelongsToWhereItBegan() {
    UdpReport report =
        UdpReport.parse(
            List.of(
                "gap t=52539.331 ms=34.747 net_ms=34.747 pace_ms=-513.416 first=3619 last=1178 lost=0",
                SAID.getLast()));
    assertThat(report.longestOutageWithin(3600, 3700)).isEqualTo(34.747);
    assertThat(report.longestOutageWithin(1100, 1200)).isZero();
    assertThat(report.longestOutageWithin(3700, 3800)).isZero();
  }

  @Test
  void noReportIsAnErrorThatShowsWhatWasSaid() {
    assertThatThrownBy(() -> UdpReport.parse(List.of("traffic: bind: Address already in use")))
        .hasMessageContaining("Address already in use");
    assertThatThrownBy(() -> TcpReport.parse(List.of("traffic: connect: Connection refused")))
        .hasMessageContaining("Connection refused");
  }
}
