package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Continuity checks pass by the data.
class ControlTest {
  @Test
  void theyNeedNoCreditAndComeFirst() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 64, 64);
      assertThat(lab.a.room()).isZero();
      lab.send(lab.a, lab.ccm(1000));
      assertThat(lab.a.inFlight()).as("not held for an answer").isEqualTo(64);
      lab.wire.move(1 << 20, 0);
      List<Integer> got = new ArrayList<>();
      lab.take(lab.b(), got);
      assertThat(got).hasSize(65).startsWith(1000, 0, 1);
      lab.settle();
    }
  }

  @Test
  void theyPassFramesThatNobodyTakesAndFramesThatGotNoPlace() {
    try (Lab lab = new Lab(1, new Window(64, 1 << 20, 256 << 10)).up()) {
      lab.send(lab.a, 0, 14, 65_000);
      lab.send(lab.a, lab.ccm(1000));
      // One ring full of data is all that lies before it.
      lab.wire.move(256 << 10, 0);
      Frame[] one = new Frame[1];
      assertThat(lab.b().receive(one, 1)).isEqualTo(1);
      assertThat(Lab.number(one[0])).isEqualTo(1000);
      one[0].release();
      lab.settle();
      assertThat(lab.got).isEqualTo(Lab.numbers(0, 14));
    }
  }

  @Test
  void aHungSocketLosesThemWithACounterAndNothingElse() {
    try (Lab lab = new Lab().up()) {
      for (int i = 0; i < 4000; i++) {
        lab.send(lab.a, lab.ccm(i));
      }
      assertThat(Lab.counter(lab.a, "tx_drop_control_full")).isGreaterThan(0);
      lab.settle();
      assertThat(lab.a.connected()).isTrue();
      assertThat(Lab.counter(lab.b(), "rx_drop_control_full")).isGreaterThan(0);
      lab.send(lab.a, 0, 3, 64);
      lab.settle();
      assertThat(lab.got).endsWith(0, 1, 2);
    }
  }

  @Test
  void theyAreNotRepeatedAfterACut() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, lab.ccm(1000), lab.frame(1, 64));
      lab.wire.cut();
      lab.pass(100 * Lab.MS);
      assertThat(lab.got).containsExactly(1);
    }
  }

  @Test
  void taggedAndLongOnesAreData() {
    try (Lab lab = new Lab().up()) {
      Frame tagged = lab.frame(1, 90);
      braid.port.Memory.putShort(tagged.head() + 12, (short) 0x0081);
      Frame longOne = lab.ccm(2);
      longOne.headLength(129);
      lab.send(lab.a, tagged, longOne);
      assertThat(lab.a.inFlight()).isEqualTo(2);
      lab.settle();
      assertThat(lab.got).containsExactly(1, 2);
    }
  }
}
