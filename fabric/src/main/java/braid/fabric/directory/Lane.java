package braid.fabric.directory;

import braid.fabric.directory.DirectoryException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The one thread of a directory: everything that changes its state runs here, in turn. A fault in
/// one task is told and does not stop the others.
final class Lane implements Executor {
  private static final System.Logger LOG = System.getLogger(Lane.class.getName());

  /// Shortest time between two publications that differ in load only.
  static final Duration LOAD_GAP = Duration.ofSeconds(1);

  private static final int END_SECONDS = 5;

  private final ScheduledThreadPoolExecutor thread;
  private final Map<Object, CompletableFuture<?>> calls = new ConcurrentHashMap<>();

  /// Starts it.
  Lane(String name) {
    thread = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name(name).factory());
    thread.setRemoveOnCancelPolicy(true);
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /// Runs a task soon; nothing after [#close].
  @Override
  public void execute(Runnable task) {
    once(Duration.ZERO, task);
  }

  /// Runs a task later.
  void once(Duration delay, Runnable task) {
    try {
      var _ = thread.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException _) {
      // Closed: there is nothing left to change.
    }
  }

  /// Runs a task again and again.
  void every(Duration gap, Runnable task) {
    long nanos = gap.toNanos();
    var _ = thread.scheduleWithFixedDelay(() -> run(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /// Runs a task soon and gives what it gives; [DirectoryException] `CLOSED` after [#close].
  <T extends @Nullable Object> CompletableFuture<T> call(Callable<T> task) {
    CompletableFuture<T> result = pending();
    execute(
        () -> {
          try {
            result.complete(task.call());
          } catch (DirectoryException e) {
            result.completeExceptionally(e);
          } catch (Exception e) {
            result.completeExceptionally(new DirectoryException(Reason.UNUSABLE, e.toString(), e));
          }
        });
    return result;
  }

  /// A future that fails with `CLOSED` if nobody completes it before [#close].
  <T extends @Nullable Object> CompletableFuture<T> pending() {
    CompletableFuture<T> result = new CompletableFuture<>();
    Object call = new Object();
    calls.put(call, result);
    var _ = result.whenComplete((_, _) -> calls.remove(call));
    if (thread.isShutdown()) {
      result.completeExceptionally(closed());
    }
    return result;
  }

  /// Runs `last` and then nothing any more; waits for it. A second call does nothing.
  void close(Runnable last) {
    if (thread.isShutdown()) {
      return;
    }
    try {
      thread.submit(() -> run(last)).get(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "the directory does not end: {0}", e.toString());
    } catch (RejectedExecutionException _) {
      return;
    }
    thread.shutdown();
    new ArrayList<>(calls.values()).forEach(call -> call.completeExceptionally(closed()));
  }

  private static DirectoryException closed() {
    return new DirectoryException(Reason.CLOSED, "the directory was closed");
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a fault in the directory", e);
    }
  }
}
