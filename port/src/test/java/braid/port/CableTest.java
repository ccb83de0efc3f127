package braid.port;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CableTest {
  @RegisterExtension final PoolBalance balance = new PoolBalance(512, 64, 0);

  private final PipePort left = new PipePort("left", "l", 200);
  private final PipePort right = new PipePort("right", "r", 100);
  private final Cable cable = new Cable(left, right);

  @AfterEach
  void drain() {
    left.drain();
    right.drain();
  }

  private void into(Port end, int count) {
    for (int i = 0; i < count; i++) {
      end.send(new Frame[] {balance.frame(i)}, 1);
    }
  }

  private static int waiting(PipePort end, int capacity) {
    return capacity - end.room();
  }

  @Test
  void framesCrossBothWaysInOneTurn() {
    into(left.far(), 3);
    into(right.far(), 2);
    assertThat(cable.pump()).isEqualTo(5);
    assertThat(waiting(right, 100)).isEqualTo(3);
    assertThat(waiting(left, 200)).isEqualTo(2);
    assertThat(cable.pump()).isZero();
  }

  @Test
  void oneTurnMovesABatchAtMost() {
    into(left.far(), 200);
    assertThat(cable.pump()).isEqualTo(Cable.BATCH);
  }

  @Test
  void aPortWithoutRoomHoldsFramesBackAndLosesNone() {
    into(left.far(), 200);
    int moved = 0;
    for (int i = 0; i < 10; i++) {
      moved += cable.pump();
    }
    assertThat(moved).isEqualTo(100);
    assertThat(waiting(left.far(), 200)).isEqualTo(100);
    assertThat(right.counters().all()).extracting(Counter::toString).contains("tx_drop_full=0");
  }

  @Test
  void armingSaysWhetherAFrameCanMove() {
    assertThat(cable.arm()).isFalse();
    into(left.far(), 1);
    assertThat(cable.arm()).isTrue();
    assertThat(cable.pump()).isEqualTo(1);
    assertThat(cable.arm()).isFalse();
  }

  @Test
  void aFrameThatNobodyHasRoomForIsNoReasonToStayAwake() {
    into(right, 100);
    into(left.far(), 1);
    assertThat(cable.arm()).isFalse();
  }

  @Test
  void theDeadlineIsTheSoonerOfBothPorts() {
    assertThat(cable.deadline()).isEqualTo(Long.MAX_VALUE);
    Cable timed = new Cable(new TimedPort(30), new TimedPort(20));
    assertThat(timed.deadline()).isEqualTo(20);
  }

  @Test
  void aPortIsCalledForItsTimersEvenWhenTheOtherHasNoRoom() {
    TimedPort timed = new TimedPort(5);
    into(right, 100);
    assertThat(new Cable(timed, right).pump()).isZero();
    assertThat(timed.calls).isEqualTo(1);
    assertThat(timed.lastMax).isZero();
  }

  /// Has a timer and no frames.
  private static final class TimedPort implements Port {
    private final long deadline;
    private final PortCounters counters = new PortCounters();
    private int calls;
    private int lastMax = -1;

    TimedPort(long deadline) {
      this.deadline = deadline;
    }

    @Override
    public String name() {
      return "timed";
    }

    @Override
    public int receive(Frame[] into, int max) {
      calls++;
      lastMax = max;
      return 0;
    }

    @Override
    public void send(Frame[] frames, int count) {
      for (int i = 0; i < count; i++) {
        frames[i].release();
      }
    }

    @Override
    public int room() {
      return 64;
    }

    @Override
    public void flush() {}

    @Override
    public LinkState link() {
      return LinkState.UP;
    }

    @Override
    public boolean arm() {
      return false;
    }

    @Override
    public long deadline() {
      return deadline;
    }

    @Override
    public PortCounters counters() {
      return counters;
    }
  }
}
