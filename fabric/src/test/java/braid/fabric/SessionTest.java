package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A session without faults.
class SessionTest {
  @Test
  void connectsAndLearnsTheNicsState() {
    try (Lab lab = new Lab()) {
      assertThat(lab.a.link()).isEqualTo(LinkState.DOWN);
      assertThat(lab.a.room()).isZero();
      lab.settle();
      assertThat(lab.a.connected()).isTrue();
      assertThat(lab.a.link()).isEqualTo(new LinkState(true, 1000));
      assertThat(lab.b().link()).isEqualTo(LinkState.UP);
      assertThat(lab.kinds())
          .containsExactly(FabricEvent.Kind.CONNECTED, FabricEvent.Kind.CONNECTED);
    }
  }

  @Test
  void carrierAndSpeedAreToldWhenTheyChange() {
    try (Lab lab = new Lab().up()) {
      lab.b().announce(LinkState.DOWN);
      lab.settle();
      assertThat(lab.a.link()).isEqualTo(LinkState.DOWN);
      assertThat(lab.a.connected()).isTrue();
      lab.b().announce(new LinkState(true, 25_000));
      lab.settle();
      assertThat(lab.a.link()).isEqualTo(new LinkState(true, 25_000));
    }
  }

  @Test
  void framesOfAllSizesCrossUncutAndInOrder() {
    try (Lab lab = new Lab().up()) {
      int[] sizes = {14, 15, 60, 127, 128, 129, 1514, 9014, 65_549, 65_550, 42};
      List<byte[]> sent = new ArrayList<>();
      List<byte[]> received = new ArrayList<>();
      for (int i = 0; i < sizes.length; i++) {
        Frame frame = lab.frame(i, Math.max(18, sizes[i]));
        frame.headLength(sizes[i]);
        sent.add(frame.toBytes());
        lab.send(lab.a, frame);
        lab.a.receive(lab.batch, 0);
        lab.wire.move(Integer.MAX_VALUE, Integer.MAX_VALUE);
        lab.sessions.pump();
        int got = lab.b().receive(lab.batch, 64);
        for (int k = 0; k < got; k++) {
          received.add(lab.batch[k].toBytes());
          lab.batch[k].release();
        }
        lab.settle();
      }
      assertThat(received).hasSize(sizes.length);
      for (int i = 0; i < sizes.length; i++) {
        assertThat(received.get(i)).as("frame of " + sizes[i]).isEqualTo(sent.get(i));
      }
    }
  }

  @Test
  void theVirtioHeaderTravels() {
    try (Lab lab = new Lab().up()) {
      Frame gso = lab.frame(7, 3000);
      long first = 1L | 1L << 8 | 54L << 16 | 1448L << 32 | 34L << 48;
      braid.port.Memory.putLong(gso.base(), first);
      braid.port.Memory.putInt(gso.base() + 8, 16 | 1 << 16);
      lab.send(lab.a, gso);
      lab.wire.move(1 << 20, 0);
      assertThat(lab.b().receive(lab.batch, 64)).isEqualTo(1);
      assertThat(braid.port.Memory.getLong(lab.batch[0].base())).isEqualTo(first);
      assertThat(braid.port.Memory.getInt(lab.batch[0].base() + 8)).isEqualTo(16 | 1 << 16);
      lab.batch[0].release();
    }
  }

  @Test
  void framesWithPiecesAreGatheredInTheOneCopy() {
    try (Lab lab = new Lab().up()) {
      Frame rest = lab.frame(0, 4000);
      Frame frame =
          new Frame(
              f -> rest.release(), lab.arena.allocate(256).address(), 12 + Frame.HEAD_BYTES, 3);
      frame.open(0);
      Frame whole = lab.frame(5, 128);
      frame.copyOf(whole);
      whole.release();
      frame.addPiece(rest.head(), 1000);
      frame.addPiece(rest.head() + 1000, 3000);
      byte[] sent = frame.toBytes();
      lab.send(lab.a, frame);
      lab.wire.move(1 << 20, 0);
      assertThat(lab.b().receive(lab.batch, 64)).isEqualTo(1);
      assertThat(lab.batch[0].toBytes()).isEqualTo(sent);
      lab.batch[0].release();
      lab.settle();
    }
  }

  @Test
  void aFrameIsHeldUntilTheFarNicHasTakenItAndReleasedInOrder() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 3, 100);
      assertThat(lab.a.inFlight()).isEqualTo(3);
      lab.wire.move(1 << 20, 1 << 20);
      Frame[] out = new Frame[3];
      assertThat(lab.b().receive(out, 3)).isEqualTo(3);
      int before = lab.pool.available();
      out[1].release();
      out[2].release();
      lab.pass(10 * Lab.MS);
      assertThat(lab.pool.available()).as("the first is still out").isEqualTo(before);
      assertThat(lab.b().outstanding()).isEqualTo(3);
      out[0].release();
      lab.pass(10 * Lab.MS);
      assertThat(lab.pool.available()).isEqualTo(before + 3);
      assertThat(lab.a.inFlight()).isZero();
    }
  }

  @Test
  void anEndWhoseFramesAreHeldUntilThereIsNoCreditIsBlocked() {
    try (Lab lab = new Lab().up()) {
      List<Frame> held = new ArrayList<>();
      for (int i = 0; lab.a.room() > 0; i++) {
        assertThat(lab.b().blocked()).as("with %d frames held", i).isFalse();
        lab.send(lab.a, i, i + 1, 60);
        lab.wire.move(1 << 20, 1 << 20);
        assertThat(lab.b().receive(lab.batch, 64)).isEqualTo(1);
        held.add(lab.batch[0]);
        if (lab.b().blocked()) {
          assertThat(lab.a.room()).as("for control frames").isBetween(0, 2);
          break;
        }
      }
      assertThat(lab.b().blocked()).isTrue();
      assertThat(lab.a.blocked()).isFalse();
      held.forEach(Frame::release);
      assertThat(lab.b().blocked()).isFalse();
      lab.settle();
    }
  }

  @Test
  void framesThatNobodyHasTakenYetDoNotBlock() {
    try (Lab lab = new Lab().up()) {
      for (int i = 0; lab.a.room() > 0; i++) {
        lab.send(lab.a, i, i + 1, 60);
      }
      lab.wire.move(1 << 20, 1 << 20);
      assertThat(lab.b().blocked()).isFalse();
    }
  }

  @Test
  void manyFramesBothWaysThroughSmallPieces() {
    try (Lab lab = new Lab().up()) {
      int there = 0;
      int back = 0;
      List<Integer> atA = new ArrayList<>();
      while (lab.got.size() < 2000 || atA.size() < 2000) {
        while (there < 2000 && lab.a.room() > 0 && lab.random.nextInt(8) > 0) {
          lab.a.send(new Frame[] {lab.frame(there++, 18 + lab.random.nextInt(3000))}, 1);
        }
        while (back < 2000 && lab.b().room() > 0 && lab.random.nextInt(8) > 0) {
          lab.b().send(new Frame[] {lab.frame(back++, 18 + lab.random.nextInt(300))}, 1);
        }
        lab.take(lab.a, atA);
        lab.turn();
        lab.wire.move(lab.random.nextInt(20_000), lab.random.nextInt(20_000));
        lab.clock.advance(20_000);
      }
      assertThat(lab.got).isEqualTo(Lab.numbers(0, 2000));
      assertThat(atA).isEqualTo(Lab.numbers(0, 2000));
      lab.settle();
      assertThat(lab.a.inFlight() + lab.b().inFlight()).isZero();
    }
  }

  @Test
  void wrongSizesAreDroppedWithTheirReason() {
    try (Lab lab = new Lab().up()) {
      Frame runt = lab.frame(1, 18);
      runt.headLength(13);
      Frame giant = lab.frame(2, Frame.BYTES_MAX);
      giant.headLength(Frame.BYTES_MAX + 1);
      lab.send(lab.a, runt, giant);
      assertThat(Lab.counter(lab.a, "tx_drop_size")).isEqualTo(2);
      assertThat(lab.a.inFlight()).isZero();
    }
  }

  @Test
  void theRoundTripIsMeasured() {
    try (Lab lab = new Lab().up()) {
      lab.pass(600 * Lab.MS);
      assertThat(lab.a.roundTripNanos()).isBetween(1L, 10 * Lab.MS);
      assertThat(lab.b().roundTripNanos()).isBetween(1L, 10 * Lab.MS);
    }
  }

  @Test
  void anIdleSessionStaysUp() {
    try (Lab lab = new Lab().up()) {
      lab.pass(10_000 * Lab.MS);
      assertThat(lab.a.connected()).isTrue();
      assertThat(lab.events).isEmpty();
    }
  }

  @Test
  void closingTellsThePeerWhoseHandlerHears() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 2, 64);
      lab.a.close("going home");
      lab.settle();
      assertThat(lab.got).as("what came before the goodbye counts").containsExactly(0, 1);
      assertThat(lab.closed).containsExactly("going home");
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.PEER_CLOSED);
      assertThat(lab.events.getFirst().detail()).contains("going home");
    }
  }

  @Test
  void withdrawingANicEndsItsSessionsAndTheUserTriesOn() {
    try (Lab lab = new Lab().up()) {
      assertThat(lab.sessions.withdraw("n0", "unplugged")).isTrue();
      lab.pass(2_000 * Lab.MS);
      assertThat(lab.closed).containsExactly("unplugged");
      assertThat(lab.kinds().getFirst()).isEqualTo(FabricEvent.Kind.PEER_CLOSED);
      assertThat(lab.kinds()).contains(FabricEvent.Kind.REFUSED);
      assertThat(lab.a.link()).isEqualTo(LinkState.DOWN);
      lab.sessions.serve("n0", lab.handler());
      lab.pass(2_000 * Lab.MS);
      assertThat(lab.a.connected()).isTrue();
      lab.send(lab.a, 5, 9, 64);
      lab.settle();
      assertThat(lab.got).containsExactly(5, 6, 7, 8);
    }
  }
}
