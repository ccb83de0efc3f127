package braid.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.vm.Traffic;
import braid.vm.UdpProbe;
import braid.vm.UdpReport;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The arithmetic and the options of `bench failover`; its faults are real and run by hand.
class FailoverBenchTest {
  private static UdpReport report(List<UdpReport.Gap> gaps, List<UdpReport.Range> missing) {
    return new UdpReport(10_000, 0, 0, 0, 0, 9_999, 0, 0, 0, missing, List.of(), gaps);
  }

  private static UdpReport.Gap gap(double millis, long first, long last) {
    return new UdpReport.Gap(0, millis, millis, 1, first, last, 0);
  }

  private static UdpProbe.Mark mark(long number) {
    return new UdpProbe.Mark(number, number, number);
  }

  @Test
  void theWorseWayCountsAndOnlyWithinTheMarks() {
    Outages outages = new Outages();
    outages.add(mark(100), 197, mark(200));
    outages.add(mark(300), 0, mark(400));
    UdpReport atPeer =
        report(
            List.of(gap(12, 150, 151), gap(99, 250, 251), gap(4, 310, 311)),
            List.of(new UdpReport.Range(195, 204)));
    UdpReport atGuest = report(List.of(gap(7, 150, 151), gap(33, 320, 321)), List.of());
    outages.judge(new Traffic.Reports(atGuest, atPeer));

    assertThat(outages.percentile(50)).isEqualTo(12);
    assertThat(outages.percentile(99)).isEqualTo(33);
    assertThat(outages.lostOut()).as("numbers 195 to 199").isEqualTo(5);
    assertThat(outages.lostBefore()).as("sent before ms 197").isEqualTo(2);
    assertThat(outages.lostIn()).isZero();
    assertThat(outages.histogram()).containsExactly(0, 0, 0, 1, 1, 0, 0, 0, 0, 0);
    assertThat(outages.row())
        .startsWith(
            "  2     12.0    33.0    33.0    33.0     12.0    33.0       5      2      0    0");
  }

  @Test
  void percentilesAreNearestRanks() {
    Outages outages = new Outages();
    List<UdpReport.Gap> gaps = new java.util.ArrayList<>();
    for (int i = 0; i < 30; i++) {
      outages.add(mark(100 * i), 0, mark(100 * i + 100));
      gaps.add(gap(i + 1, 100 * i + 50, 100 * i + 51));
    }
    outages.judge(new Traffic.Reports(report(List.of(), List.of()), report(gaps, List.of())));
    assertThat(outages.percentile(50)).isEqualTo(15);
    assertThat(outages.percentile(90)).isEqualTo(27);
    assertThat(outages.percentile(99)).isEqualTo(30);
  }

  @Test
  void optionsAreReadOrRefusedByName() {
    FailoverOptions options =
        FailoverOptions.parse(List.of("--faults", "7", "--contenders", "dpdk,kernel-arp10"));
    assertThat(options.faults()).isEqualTo(7);
    assertThat(options.contenders())
        .containsExactly(ContenderKind.DPDK, ContenderKind.KERNEL_ARP_10);
    assertThatThrownBy(() -> FailoverOptions.parse(List.of("--faults", "0")))
        .hasMessageContaining("--faults is 1 to 1000, not 0");
    assertThatThrownBy(() -> FailoverOptions.parse(List.of("--contenders", "ours")))
        .hasMessageContaining("no contender 'ours'");
    assertThatThrownBy(() -> FailoverOptions.parse(List.of("--json")))
        .hasMessageContaining("--json needs a value");
  }
}
