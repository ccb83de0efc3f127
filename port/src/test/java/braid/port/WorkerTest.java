package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WorkerTest {
  private final ParkWaiter waiter = new ParkWaiter();
  private final Worker worker = new Worker("worker", Clock.SYSTEM, waiter, 0);

  @AfterEach
  void close() {
    worker.close();
    assertThat(waiter.closed()).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// A pump that does as told.
  private static final class Scripted implements Pump {
    final CountDownLatch pumped = new CountDownLatch(3);
    final CountDownLatch armed = new CountDownLatch(1);
    final AtomicInteger pumps = new AtomicInteger();
    final AtomicBoolean moreAtArm = new AtomicBoolean();
    volatile long deadline = Long.MAX_VALUE;
    final AtomicInteger faults = new AtomicInteger();

    @Override
    public int pump() {
      pumps.incrementAndGet();
      pumped.countDown();
      if (faults.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        throw new IllegalStateException("peer gone");
      }
      return 0;
    }

    @Override
    public boolean arm() {
      armed.countDown();
      return moreAtArm.getAndSet(false);
    }

    @Override
    public long deadline() {
      return deadline;
    }
  }

  @Test
  void commandsRunOnTheWorkerInTheOrderOfTheirCaller() {
    worker.start();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      int number = i;
      worker.submit(() -> order.add(number));
    }
    assertThat(worker.call(worker::owns)).isTrue();
    assertThat(worker.owns()).isFalse();
    assertThat(worker.call(() -> List.copyOf(order))).hasSize(100).isSorted();
  }

  @Test
  void callGivesTheAnswerAndTheCause() {
    worker.start();
    assertThat(worker.call(() -> 6 * 7)).isEqualTo(42);
    assertThatThrownBy(
            () ->
                worker.call(
                    () -> {
                      throw new IllegalArgumentException("no");
                    }))
        .hasRootCauseMessage("no");
    assertThat(worker.call(() -> worker.call(() -> 1))).as("from the worker itself").isEqualTo(1);
    assertThat(worker.failure()).isNull();
  }

  @Test
  void aQuestionBeforeTheStartIsAnsweredAfterIt() throws InterruptedException {
    AtomicInteger answer = new AtomicInteger();
    Thread asking = Thread.ofPlatform().start(() -> answer.set(worker.call(() -> 7)));
    while (asking.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    asking.join(250);
    assertThat(asking.isAlive()).as("waits, longer than between two looks").isTrue();
    worker.start();
    asking.join();
    assertThat(answer).hasValue(7);
  }

  @Test
  void anIdleWorkerSleepsUntilACommandWakesIt() {
    Scripted pump = new Scripted();
    worker.add(pump);
    worker.start();
    await(pump.armed);
    assertThat(worker.call(() -> "awake")).isEqualTo("awake");
  }

  @Test
  void whatArrivesWhileArmingIsPumpedBeforeSleep() {
    Scripted pump = new Scripted();
    pump.moreAtArm.set(true);
    worker.add(pump);
    worker.start();
    await(pump.armed);
    while (pump.pumps.get() < 2) {
      Thread.onSpinWait();
    }
    assertThat(pump.moreAtArm.get()).isFalse();
  }

  @Test
  void aDeadlineTurnsAnIdleWorker() {
    Scripted pump = new Scripted();
    pump.deadline = 0; // long past: every sleep ends at once
    worker.add(pump);
    worker.start();
    await(pump.pumped);
  }

  @Test
  void aFaultThatTheHandlerEndsDoesNotStopTheWorker() {
    Scripted pump = new Scripted();
    pump.faults.set(2);
    List<String> seen = new ArrayList<>();
    worker.faults(fault -> seen.add(fault.getMessage()));
    worker.add(pump);
    worker.start();
    await(pump.pumped);
    assertThat(worker.call(() -> List.copyOf(seen))).containsExactly("peer gone", "peer gone");
    assertThat(worker.failure()).isNull();
  }

  @Test
  void aFaultThatNobodyEndsStopsTheWorkerAndSaysWhy() {
    Scripted pump = new Scripted();
    pump.faults.set(1);
    worker.add(pump);
    worker.start();
    assertThatThrownBy(
            () -> {
              while (true) {
                worker.call(() -> 1);
              }
            })
        .hasMessageContaining("worker worker has ended")
        .hasRootCauseMessage("peer gone");
    assertThat(worker.failure()).hasMessage("peer gone");
  }

  @Test
  void aCableAddedAndRemovedByCommandIsPumpedInBetween() {
    worker.start();
    Scripted pump = new Scripted();
    pump.deadline = 0;
    worker.submit(() -> worker.add(pump));
    await(pump.pumped);
    worker.call(
        () -> {
          worker.remove(pump);
          return 1;
        });
    int pumps = worker.call(pump.pumps::get);
    for (int i = 0; i < 5; i++) {
      assertThat(worker.call(pump.pumps::get)).isEqualTo(pumps);
    }
  }

  @Test
  void aTurnHasOneTime() {
    SimClock time = new SimClock(5);
    Worker timed = new Worker("timed", time, new ParkWaiter(), 0).start();
    Clock turn = timed.clock();
    assertThat(
            timed.call(
                () -> {
                  long before = turn.nanos();
                  time.advance(100);
                  return turn.nanos() - before;
                }))
        .isZero();
    // A command posted while the worker drains still runs in the same turn; the next turn has the
    // new time.
    long after = 5;
    for (int i = 0; i < 1000 && after == 5; i++) {
      after = timed.call(turn::nanos);
    }
    assertThat(after).isEqualTo(105);
    timed.close();
  }

  @Test
  void closingRunsTheCommandsPostedBefore() {
    worker.start();
    AtomicInteger ran = new AtomicInteger();
    for (int i = 0; i < 10; i++) {
      worker.submit(ran::incrementAndGet);
    }
    worker.close();
    assertThat(ran).hasValue(10);
    assertThatThrownBy(() -> worker.call(() -> 1)).hasMessageContaining("has ended");
  }

  @Test
  void framesCrossAPipeUnderARunningWorker() {
    PoolBalance balance = new PoolBalance(8, 64, 0);
    PipePort left = new PipePort("a", "b", 8);
    PipePort right = new PipePort("c", "d", 8);
    worker.add(new Cable(left, right));
    worker.start();
    worker.submit(() -> left.far().send(new Frame[] {balance.frame(7)}, 1));
    Frame[] out = new Frame[1];
    while (worker.call(() -> right.far().receive(out, 1)) == 0) {
      Thread.onSpinWait();
    }
    assertThat(worker.call(() -> out[0].u8(0))).isEqualTo(7);
    worker.submit(() -> out[0].release());
    assertThat(worker.call(balance.pool::balanced)).isTrue();
  }
}
