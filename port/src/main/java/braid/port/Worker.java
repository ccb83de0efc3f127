package braid.port;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// One thread that owns some cables and everything plugged into them.
///
/// **Theory of operation.** A turn of the loop runs the posted commands, pumps each cable once,
/// lets the waiter submit and handle completions, and starts again while anything moved. When
/// nothing moved for the spin time, every port is armed (it must wake us from now on), a last look
/// catches what came in between, and the thread waits in the one place where all its file
/// descriptors are: the waiter. Time is read once a turn; ports read it from [#clock].
///
/// Control threads never touch ports. They post commands ([#submit], [#call]), which run here
/// between two batches, so no port has a lock.
///
/// **Failures.** A Throwable out of a cable goes to the fault handler: a peer that pulled its
/// memory away is the handler's to end (it says true, and the loop goes on). Anything else is a bug
/// of ours: the worker stops and says why.
public final class Worker implements AutoCloseable {
  /// Decides what a Throwable from a pump means.
  @FunctionalInterface
  public interface FaultHandler {
    /// Runs on the worker.
    ///
    /// @return true when the cause was removed and the loop may go on
    boolean handle(Throwable fault);
  }

  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  private final Clock source;
  private final Waiter waiter;
  private final long spinNanos;
  private final Thread thread;
  private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final List<Pump> pumps = new ArrayList<>();
  private FaultHandler faults = fault -> false;
  private long now;
  private volatile boolean running = true;
  private volatile @Nullable Throwable failure;

  /// A worker that has not started.
  ///
  /// @param name      the thread's name
  /// @param source    time
  /// @param waiter    where it sleeps; closed by the worker when it ends
  /// @param spinNanos how long it looks again before it sleeps; 0 sleeps at once, [Long#MAX_VALUE]
  ///     never sleeps
  public Worker(String name, Clock source, Waiter waiter, long spinNanos) {
    this.source = source;
    this.waiter = waiter;
    this.spinNanos = spinNanos;
    this.now = source.nanos();
    this.thread = new Thread(this::run, name);
    this.thread.setDaemon(true);
  }

  /// Starts the thread. Set the fault handler before.
  public Worker start() {
    thread.start();
    return this;
  }

  /// Sets who judges Throwables; before [#start].
  public Worker faults(FaultHandler handler) {
    faults = handler;
    return this;
  }

  /// The time of this turn, for ports of this worker: a field read.
  public Clock clock() {
    return () -> now;
  }

  /// Posts a command that runs between two batches. Any thread; keeps the order of one caller.
  /// After the worker has ended it is not run.
  public void submit(Runnable command) {
    commands.add(command);
    waiter.wake();
  }

  /// Runs `command` on the worker and waits for what it returns, before [#start] until after it. On
  /// the worker itself it runs at once.
  ///
  /// @throws IllegalStateException when the worker has ended, or the command threw (the cause is
  ///     inside)
  public <T> T call(Callable<T> command) {
    if (Thread.currentThread() == thread) {
      try {
        return command.call();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    CompletableFuture<T> answer = new CompletableFuture<>();
    submit(
        () -> {
          try {
            answer.complete(command.call());
          } catch (Throwable t) {
            answer.completeExceptionally(t);
          }
        });
    try {
      while (true) {
        try {
          return answer.get(100, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (ended() && !answer.isDone()) {
            throw new IllegalStateException("worker " + thread.getName() + " has ended", failure);
          }
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Adds a cable; from a command, or before [#start].
  public void add(Pump pump) {
    pumps.add(pump);
  }

  /// Takes a cable out; from a command.
  public void remove(Pump pump) {
    pumps.remove(pump);
  }

  /// Why the worker stopped by itself, null while all is well.
  public @Nullable Throwable failure() {
    return failure;
  }

  /// The thread has ended, by [#close] or by a fault: what it owned is anybody's.
  public boolean ended() {
    return thread.getState() == Thread.State.TERMINATED;
  }

  /// This thread is the worker's.
  public boolean owns() {
    return Thread.currentThread() == thread;
  }

  private void run() {
    try {
      waiter.start();
      long lastWork = source.nanos();
      while (running) {
        now = source.nanos();
        int moved = turn();
        if (moved > 0 || spinNanos == Long.MAX_VALUE) {
          lastWork = now;
        } else if (now - lastWork < spinNanos) {
          Thread.onSpinWait();
        } else if (!armed()) {
          long deadline = deadline();
          waiter.await(deadline == Long.MAX_VALUE ? deadline : Math.max(0, deadline - now));
        }
      }
    } catch (Throwable t) {
      failure = t;
      LOG.log(System.Logger.Level.ERROR, "worker " + thread.getName() + " stops: " + t, t);
    } finally {
      waiter.close();
    }
  }

  private int turn() {
    try {
      int moved = drainCommands();
      for (int i = 0; i < pumps.size(); i++) {
        moved += pumps.get(i).pump();
      }
      return moved + waiter.poll();
    } catch (Throwable fault) {
      if (!faults.handle(fault)) {
        throw fault;
      }
      return 1;
    }
  }

  private int drainCommands() {
    int count = 0;
    for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
      command.run();
      count++;
    }
    return count;
  }

  private boolean armed() {
    boolean more = false;
    for (int i = 0; i < pumps.size(); i++) {
      more |= pumps.get(i).arm();
    }
    return more || !commands.isEmpty();
  }

  private long deadline() {
    long soonest = Long.MAX_VALUE;
    for (int i = 0; i < pumps.size(); i++) {
      soonest = Math.min(soonest, pumps.get(i).deadline());
    }
    return soonest;
  }

  /// Ends the thread after the commands posted so far and waits for it; a worker that never started
  /// gives back its waiter. Any thread but the worker's.
  @Override
  public void close() {
    if (thread.getState() == Thread.State.NEW) {
      waiter.close(); // nobody else will
      return;
    }
    if (thread.isAlive()) {
      submit(() -> running = false);
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join(100);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
