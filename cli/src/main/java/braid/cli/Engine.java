package braid.cli;

import braid.cli.control.EventHub;
import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the parts of a running node share: the worker that owns all ports, the control thread that
/// plugs them in and out, memory, and where news goes.
///
/// **Threads.** The *worker* runs what touches a port. The *control thread* runs everything that
/// changes the wiring, one thing at a time, and may wait for the worker, never the other way round.
/// Any other thread (netlink, directory, a socket's) posts to one of them.
final class Engine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");
  private static final int RING_OPERATIONS = 4096;
  private static final long END_SECONDS = 5;

  /// Memory that frames of a port that is gone may still lie in.
  private record Retired(MemorySegment memory, BooleanSupplier back) {}

  private final IoUring ring = new IoUring(RING_OPERATIONS);
  private final Worker worker;
  private final EventHub events;
  private final ScheduledThreadPoolExecutor control;
  private final List<Retired> retired = new ArrayList<>();
  private volatile Runnable failed = () -> {};

  /// An engine whose worker has not started.
  ///
  /// @param spinMicros how long the worker looks again before it sleeps
  Engine(int spinMicros, EventHub events) {
    this.events = events;
    this.worker = new Worker("braid", Clock.SYSTEM, ring, spinMicros * 1_000L);
    this.control =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("braid-wiring").factory());
    control.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  IoUring ring() {
    return ring;
  }

  Worker worker() {
    return worker;
  }

  EventHub events() {
    return events;
  }

  ScheduledExecutorService control() {
    return control;
  }

  /// The worker's time, for its ports.
  Clock clock() {
    return worker.clock();
  }

  /// What becomes of the node when its worker can no longer work.
  void onFailure(Runnable action) {
    failed = action;
  }

  /// The worker can no longer work.
  void fail() {
    failed.run();
  }

  /// Why the worker stopped by itself, empty while all is well; any thread.
  String failure() {
    Throwable why = worker.failure();
    return why == null ? "" : "the worker stopped: " + why;
  }

  /// Does something on the worker and waits until it is done. When the worker has ended its ports
  /// are anybody's, and it is done here.
  void run(Runnable action) {
    call(
        () -> {
          action.run();
          return true;
        });
  }

  /// Asks something of the worker.
  <T> T call(Callable<T> question) {
    AtomicBoolean begun = new AtomicBoolean();
    try {
      if (!worker.ended()) {
        return worker.call(
            () -> {
              begun.set(true);
              return question.call();
            });
      }
    } catch (IllegalStateException e) {
      if (begun.get() || !worker.ended()) {
        throw e.getCause() instanceof RuntimeException cause ? cause : e;
      }
      // It ended meanwhile, and has not looked at the question.
    }
    try {
      return question.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /// Changes the wiring on the control thread, soon. What it throws is logged.
  void later(Runnable change) {
    if (!control.isShutdown()) {
      control.execute(() -> guarded(change));
    }
  }

  /// Does something on the control thread again and again.
  void every(long millis, Runnable action) {
    var _ =
        control.scheduleWithFixedDelay(
            () -> guarded(action), millis, millis, TimeUnit.MILLISECONDS);
  }

  private static void guarded(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      LOG.error("{}", e.toString(), e);
    }
  }

  /// Memory for frames. It is there as long as somebody keeps the segment: give it to [#retire]
  /// when its port goes.
  static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  /// Keeps memory until all frames in it are back; control thread.
  ///
  /// @param back asked on the worker
  void retire(MemorySegment memory, BooleanSupplier back) {
    retired.add(new Retired(memory, back));
  }

  /// Lets go of memory whose frames are back; control thread.
  void sweep() {
    if (!retired.isEmpty()) {
      run(() -> retired.removeIf(memory -> memory.back().getAsBoolean()));
    }
  }

  /// Memory areas that wait for frames.
  int waiting() {
    return retired.size();
  }

  /// Ends the control thread: what it was doing is finished, nothing new begins.
  void endControl() {
    control.shutdown();
    try {
      if (!control.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("the control thread is still busy after {} s", END_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the worker.
  @Override
  public void close() {
    endControl();
    worker.close();
  }
}
