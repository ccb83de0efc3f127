package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A cut connection, and the session that goes on.
class ResumeTest {
  /// Twelve frames of about a hundred bytes, both ways; the wire is cut after each possible number
  /// of bytes towards the NIC, then after each possible number back.
  @Test
  void cutAtEveryByteEachFrameComesOnceAndInOrder() {
    long there = 0;
    long back = 0;
    try (Lab lab = new Lab().up()) {
      traffic(lab);
      lab.settle();
      there = lab.wire.toFar;
      back = lab.wire.toNear;
    }
    for (int cut = 0; cut <= there; cut++) {
      cutAt(cut, Integer.MAX_VALUE);
    }
    for (int cut = 0; cut <= back; cut++) {
      cutAt(Integer.MAX_VALUE, cut);
    }
    assertThat(there).isGreaterThan(1400);
  }

  private static void traffic(Lab lab) {
    lab.send(lab.a, 0, 12, 90);
    lab.send(lab.b(), 0, 12, 95);
  }

  private static void cutAt(long there, long back) {
    try (Lab lab = new Lab()) {
      List<Integer> atA = new ArrayList<>();
      // The cut may fall into the greetings: then the session begins on the second connection.
      boolean sent = false;
      Lab.Wire first = null;
      for (int i = 0; i < 60; i++) {
        lab.turn();
        lab.take(lab.a, atA);
        if (!sent && lab.a.connected() && !lab.opened.isEmpty() && lab.b().connected()) {
          sent = true;
          traffic(lab);
        }
        if (lab.wire != null) {
          first = first == null ? lab.wire : first;
          boolean cut = lab.wire == first && (first.toFar >= there || first.toNear >= back);
          if (cut) {
            first.cut();
          } else if (lab.wire == first) {
            lab.wire.move(
                (int) Math.min(700, there - first.toFar), (int) Math.min(700, back - first.toNear));
          } else {
            lab.wire.move(700, 700);
          }
        }
        lab.clock.advance(Lab.MS);
      }
      assertThat(lab.got).as("towards the NIC, cut at " + there).isEqualTo(Lab.numbers(0, 12));
      assertThat(atA).as("from the NIC, cut at " + back).isEqualTo(Lab.numbers(0, 12));
      assertThat(lab.a.inFlight() + lab.b().inFlight()).isZero();
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void manyCutsWithFramesHeldOnBothSidesLoseAndRepeatNothing(long seed) {
    System.out.println("ResumeTest seed " + seed);
    long ms = Lab.MS;
    // Attempts so quick that no frame is ever given up.
    Timing quick =
        new Timing(ms, 4 * ms, 100 * ms, 100 * ms, 250 * ms, 1000 * ms, 1000 * ms, 2000 * ms);
    try (Lab lab = new Lab(seed, Lab.WINDOW, quick)) {
      List<Frame> held = new ArrayList<>();
      List<Integer> atA = new ArrayList<>();
      int there = 0;
      int back = 0;
      int cuts = 0;
      int total = 3000;
      for (int turn = 0; turn < 200_000 && (lab.got.size() < total || atA.size() < total); turn++) {
        lab.take(lab.a, atA);
        lab.a.flush();
        lab.sessions.pump();
        while (there < total && lab.a.room() > 0) {
          lab.a.send(new Frame[] {lab.frame(there++, 18 + lab.random.nextInt(2000))}, 1);
        }
        if (!lab.opened.isEmpty()) {
          FabricPort b = lab.b();
          while (back < total && b.room() > 0) {
            b.send(new Frame[] {lab.frame(back++, 18 + lab.random.nextInt(200))}, 1);
          }
          int n = b.receive(lab.batch, 1 + lab.random.nextInt(8));
          for (int i = 0; i < n; i++) {
            lab.got.add(Lab.number(lab.batch[i]));
            held.add(lab.batch[i]);
          }
          while (!held.isEmpty() && lab.random.nextInt(3) > 0) {
            held.remove(lab.random.nextInt(held.size())).release();
          }
          b.flush();
        }
        if (lab.wire != null) {
          lab.wire.move(lab.random.nextInt(6000), lab.random.nextInt(6000));
          if (lab.random.nextInt(20) == 0 && !lab.wire.ended) {
            lab.wire.cut();
            cuts++;
          }
        }
        lab.clock.advance(lab.random.nextLong(Lab.MS));
      }
      held.forEach(Frame::release);
      assertThat(lab.got).isEqualTo(Lab.numbers(0, total));
      assertThat(atA).isEqualTo(Lab.numbers(0, total));
      assertThat(cuts).isGreaterThan(10);
      assertThat(lab.opened).as("one session all the time").hasSize(1);
      lab.settle();
    }
  }

  @Test
  void framesThatTheBondTookBackAreNotSentAgain() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 5, 100);
      lab.wire.move(1 << 20, 0);
      Frame[] out = new Frame[2];
      assertThat(lab.b().receive(out, 2)).isEqualTo(2); // 0 and 1 reached the NIC
      lab.wire.cut();
      lab.turn();
      lab.b().receive(lab.batch, 0);
      // 2, 3, 4 came and nobody took them: the sender has them and they will be wanted again.
      Frame[] back = new Frame[3];
      assertThat(lab.a.recall(back, 3)).isEqualTo(3);
      assertThat(Lab.number(back[0])).isZero();
      assertThat(Lab.number(back[2])).isEqualTo(2);
      for (Frame frame : back) {
        frame.release();
      }
      assertThat(lab.a.inFlight()).isEqualTo(2);
      out[0].release();
      out[1].release();
      lab.pass(50 * Lab.MS);
      assertThat(lab.got).containsExactly(3, 4);
      lab.send(lab.a, 9, 11, 100);
      lab.settle();
      assertThat(lab.got).containsExactly(3, 4, 9, 10);
      assertThat(lab.a.inFlight()).isZero();
      assertThat(Lab.counter(lab.a, "tx_repeated")).isEqualTo(2);
    }
  }

  @Test
  void framesThatGotNoPlaceInTheRingCanBeTakenBackToo() {
    try (Lab lab = new Lab(3, new Window(64, 1 << 20, 256 << 10)).up()) {
      lab.send(lab.a, 0, 14, 60_000);
      assertThat(lab.a.inFlight()).isEqualTo(14);
      Frame[] back = new Frame[6];
      assertThat(lab.a.recall(back, 6)).isEqualTo(6);
      for (int i = 0; i < 6; i++) {
        assertThat(Lab.number(back[i])).isEqualTo(i);
        back[i].release();
      }
      lab.settle();
      // Frames 0 to 2 or 3 were in the ring already and arrive though they were taken back.
      List<Integer> rest = lab.got.stream().filter(n -> n >= 6).toList();
      assertThat(rest).isEqualTo(Lab.numbers(6, 14));
      assertThat(lab.a.inFlight()).isZero();
    }
  }

  @Test
  void withoutAConnectionThereIsNoRoomAndOldFramesExpire() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 3, 100);
      lab.unreachable = true;
      lab.wire.cut();
      lab.settle();
      assertThat(lab.a.room()).isZero();
      lab.send(lab.a, lab.frame(9, 64));
      assertThat(Lab.counter(lab.a, "tx_drop_link_down")).isEqualTo(1);
      assertThat(lab.a.inFlight()).isEqualTo(3);
      lab.pass(1_100 * Lab.MS);
      assertThat(lab.a.inFlight()).isZero();
      assertThat(Lab.counter(lab.a, "tx_drop_expired")).isEqualTo(3);
      assertThat(lab.kinds()).contains(FabricEvent.Kind.EXPIRED, FabricEvent.Kind.LOST);
      assertThat(lab.closed).isEmpty();
    }
  }

  @Test
  void aUserThatDoesNotReturnLosesItsSession() {
    try (Lab lab = new Lab().up()) {
      lab.unreachable = true;
      lab.wire.cut();
      lab.pass(11_000 * Lab.MS);
      assertThat(lab.closed).containsExactly("its user did not come back");
      assertThat(lab.sessions.sessions("n0")).isEmpty();
      lab.unreachable = false;
      lab.pass(2_000 * Lab.MS);
      assertThat(lab.a.connected()).isTrue();
      assertThat(lab.opened).hasSize(2);
      lab.send(lab.a, 0, 3, 64);
      lab.settle();
      assertThat(lab.got).containsExactly(0, 1, 2);
    }
  }

  @Test
  void attemptsBackOffToASecond() {
    try (Lab lab = new Lab()) {
      lab.unreachable = true;
      lab.pass(1_000 * Lab.MS);
      int early = lab.dials;
      assertThat(early).isBetween(6, 14);
      lab.pass(20_000 * Lab.MS);
      assertThat(lab.dials - early).isBetween(19, 42);
    }
  }

  @Test
  void aRestartedNicNodeGetsWhatWasNotAnsweredInANewSession() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 4, 100);
      lab.wire.cut();
      // b forgets everything, as a process that begins anew.
      lab.sessions.withdraw("n0", "restart");
      lab.sessions.serve("n0", lab.handler());
      lab.pass(100 * Lab.MS);
      assertThat(lab.opened).hasSize(2);
      assertThat(lab.got).containsExactly(0, 1, 2, 3);
      assertThat(lab.a.inFlight()).isZero();
    }
  }

  @Test
  void framesOfAnOldSessionThatAreStillOutShrinkTheCreditOfTheNew() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.b(), 0, 60, 100);
      lab.wire.move(0, 1 << 20);
      assertThat(lab.a.receive(lab.batch, 60)).isEqualTo(60);
      Frame[] out = java.util.Arrays.copyOf(lab.batch, 60);
      lab.wire.cut();
      lab.sessions.withdraw("n0", "restart");
      lab.sessions.serve("n0", lab.handler());
      lab.pass(100 * Lab.MS);
      assertThat(lab.opened).hasSize(2);
      assertThat(lab.b().room()).isBetween(1, 4);
      for (Frame frame : out) {
        frame.release();
      }
      lab.settle();
      assertThat(lab.b().room()).isGreaterThan(0);
      lab.send(lab.b(), 0, 3, 100);
      lab.wire.move(0, 1 << 20);
      List<Integer> atA = new ArrayList<>();
      lab.take(lab.a, atA);
      assertThat(atA).containsExactly(0, 1, 2);
      lab.settle();
    }
  }

  @Test
  void aNewConnectionReplacesAHalfOpenOneAndTheSessionGoesOn() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 3, 64);
      lab.settle();
      Lab.Wire old = lab.wire;
      // Only a sees the cut.
      old.near.ended(new Ending(FabricEvent.Kind.LOST, "reset"));
      lab.a.receive(lab.batch, 0);
      lab.clock.advance(20 * Lab.MS);
      lab.settle();
      assertThat(lab.wire).isNotSameAs(old);
      assertThat(lab.a.connected()).isTrue();
      assertThat(old.far.aborted()).isTrue();
      old.far.ended(new Ending(FabricEvent.Kind.LOST, "closed"));
      lab.send(lab.a, 3, 6, 64);
      lab.settle();
      assertThat(lab.got).isEqualTo(Lab.numbers(0, 6));
      assertThat(lab.opened).hasSize(1);
    }
  }
}
