package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A slow NIC never fills anybody's memory.
class CreditTest {
  @Test
  void noMoreFramesThanTheWindowAndTheRestIsDroppedAtOnePlace() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 70, 64);
      assertThat(lab.a.inFlight()).isEqualTo(64);
      assertThat(lab.a.room()).isZero();
      assertThat(Lab.counter(lab.a, "tx_drop_no_credit")).isEqualTo(6);
      lab.wire.move(1 << 20, 1 << 20);
      List<Frame> out = hold(lab, 64);
      lab.pass(20 * Lab.MS);
      assertThat(lab.a.room()).as("nothing released, no credit").isZero();
      out.get(0).release();
      out.get(1).release();
      lab.pass(20 * Lab.MS);
      assertThat(lab.a.room()).isEqualTo(2);
      out.subList(2, 64).forEach(Frame::release);
      lab.pass(20 * Lab.MS);
      assertThat(lab.a.inFlight()).isZero();
    }
  }

  @Test
  void noMoreBytesThanTheWindow() {
    try (Lab lab = new Lab().up()) {
      int sent = 0;
      while (lab.a.room() > 0) {
        lab.send(lab.a, lab.frame(sent++, 60_000));
      }
      assertThat(sent).isEqualTo(4); // 256 KiB are not five
      for (int i = 0; i < 10; i++) {
        lab.a.receive(lab.batch, 0);
        lab.a.flush();
        lab.wire.move(1 << 20, 1 << 20);
        lab.b().receive(lab.batch, 0);
      }
      List<Frame> out = hold(lab, 4);
      assertThat(out).hasSize(4);
      assertThat(lab.a.room()).isZero();
      out.forEach(Frame::release);
      lab.settle();
      assertThat(lab.a.room()).isGreaterThan(0);
    }
  }

  @Test
  void roomIsNeverAPromiseThatDrops() {
    try (Lab lab = new Lab(5, Lab.WINDOW).up()) {
      List<Frame> out = new ArrayList<>();
      int sent = 0;
      for (int turn = 0; turn < 3000; turn++) {
        int room = lab.a.room();
        for (int i = 0; i < room; i++) {
          int length = lab.random.nextBoolean() ? 65_550 : 18 + lab.random.nextInt(100);
          lab.a.send(new Frame[] {lab.frame(sent++, length)}, 1);
        }
        lab.a.receive(lab.batch, 0);
        lab.a.flush();
        lab.wire.move(lab.random.nextInt(100_000), 1000);
        out.addAll(hold(lab, lab.random.nextInt(8)));
        while (!out.isEmpty() && lab.random.nextInt(4) > 0) {
          out.removeFirst().release();
        }
        lab.clock.advance(100_000);
      }
      assertThat(Lab.counter(lab.a, "tx_drop_no_credit")).isZero();
      assertThat(lab.a.connected()).as("the peer saw no breach").isTrue();
      assertThat(sent).isGreaterThan(1000);
      out.forEach(Frame::release);
      lab.settle();
    }
  }

  private static List<Frame> hold(Lab lab, int max) {
    List<Frame> out = new ArrayList<>();
    int n = lab.b().receive(lab.batch, max);
    for (int i = 0; i < n; i++) {
      out.add(lab.batch[i]);
    }
    lab.b().flush();
    return out;
  }
}
