package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.io_uring_cqe;
import braid.kernel.jextract.io_uring_sqe;
import braid.port.Memory;
import braid.port.Waiter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// An io_uring as a worker's waiter: every descriptor the worker cares about is an operation in
/// this one ring, and io_uring_enter is its only system call and only place to sleep.
///
/// **Theory of operation.** A port queues an operation with a [Completion]; this writes a
/// submission entry and keeps the completion in a slot. Slots are numbered, made once, and used
/// again: an operation allocates nothing. The number travels through the kernel as `user_data`,
/// with a generation above it, so that a late cancel never hits the next user of the slot.
///
/// Nothing reaches the kernel until [#poll] or [#await], which hand over the whole batch in one
/// system call; only a full submission queue is handed over at once. With DEFER_TASKRUN the kernel
/// finishes operations only inside our own call, and sets a flag in shared memory when there is
/// something to finish. So a poll with nothing to do costs two memory reads.
///
/// [#wake] writes to an eventfd on which a read is always in flight. A flag beside it saves the
/// write when the last one has not been seen yet. The order that makes this safe: the waker
/// publishes its command, then sets the flag; the worker clears the flag, then looks for commands.
/// Both are full fences, so one of the two sees the other.
///
/// **Thread**: all methods are the worker's, except [#wake]. Operations queued before [#start], by
/// the thread that builds the worker, are handed over after it.
///
/// **Ownership**: memory of an operation stays the caller's and must live until its completion.
/// [#close] cancels what is in flight and returns when nothing is, so memory may go afterwards.
public final class IoUring implements Waiter {
  /// Called on the worker when an operation is done.
  @FunctionalInterface
  public interface Completion {
    /// The operation is done.
    ///
    /// @param result what the system call would have returned, or a negative error number
    /// @param flags  IORING_CQE_F_*; [IoUring#more] tells whether a multishot goes on
    void complete(int result, int flags);
  }

  /// A standing order to run something whenever an eventfd was signalled.
  public interface Watch extends AutoCloseable {
    /// Ends the order; what it runs is not run any more. The worker's thread.
    @Override
    void close();
  }

  /// Returned instead of an operation when all slots are in use.
  public static final long NONE = -1;

  private static final System.Logger LOG = System.getLogger(IoUring.class.getName());

  /// Entries queued between two system calls.
  private static final int SUBMISSIONS = 256;

  /// `user_data` of a cancel, whose own completion says nothing.
  private static final long NOBODY = -1;

  /// How long [#close] waits for one completion, and how often.
  private static final long CLOSE_WAIT_NANOS = 100_000_000;

  private static final int CLOSE_WAITS = 100;

  private static final long OPCODE = io_uring_sqe.opcode$offset();
  private static final long FD = io_uring_sqe.fd$offset();
  private static final long OFFSET = io_uring_sqe.off$offset();
  private static final long ADDRESS = io_uring_sqe.addr$offset();
  private static final long LENGTH = io_uring_sqe.len$offset();
  private static final long POLL_EVENTS = io_uring_sqe.poll32_events$offset();
  private static final long USER_DATA = io_uring_sqe.user_data$offset();
  private static final long CQE_USER_DATA = io_uring_cqe.user_data$offset();
  private static final long CQE_RESULT = io_uring_cqe.res$offset();
  private static final long CQE_FLAGS = io_uring_cqe.flags$offset();

  private final UringQueues queues;
  /// Null for a free slot.
  private final @Nullable Completion[] completions;

  private final int[] generation;
  private final int[] freeSlots;
  private int free;
  private boolean started;
  private boolean closing;

  private final EventFd wakeUp = EventFd.create();
  private final MemorySegment wakeCount = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
  private final Completion onWake = (result, _) -> woken(result);
  private final AtomicBoolean signalled = new AtomicBoolean();

  /// A ring that has not started.
  ///
  /// @param operations most operations in flight, 16 to 16384
  /// @throws LinuxException where io_uring is switched off or too old
  public IoUring(int operations) {
    if (operations < 16 || operations > 16_384) {
      throw new IllegalArgumentException("operations " + operations + ", 16 to 16384");
    }
    // Twice, because each may be cancelled, and a cancel completes too.
    int completionEntries = Integer.highestOneBit(2 * operations - 1) << 1;
    queues = new UringQueues(SUBMISSIONS, Math.max(completionEntries, SUBMISSIONS));
    completions = new Completion[operations];
    generation = new int[operations];
    freeSlots = new int[operations];
    for (int i = 0; i < operations; i++) {
      freeSlots[i] = operations - 1 - i;
    }
    free = operations;
    armWake();
  }

  @Override
  public void start() {
    queues.enable();
    started = true;
  }

  // Operations

  /// Queues a read at the file's position.
  ///
  /// @return the operation, or [#NONE]
  public long read(Fd fd, long address, int length, Completion completion) {
    return queue(Sys.IORING_OP_READ(), fd, address, length, completion);
  }

  /// Queues a write at the file's position.
  ///
  /// @return the operation, or [#NONE]
  public long write(Fd fd, long address, int length, Completion completion) {
    return queue(Sys.IORING_OP_WRITE(), fd, address, length, completion);
  }

  /// Queues a read into `count` structs iovec at `vectors`, which live until the completion.
  ///
  /// @return the operation, or [#NONE]
  public long readv(Fd fd, long vectors, int count, Completion completion) {
    return queue(Sys.IORING_OP_READV(), fd, vectors, count, completion);
  }

  /// Queues a write from `count` structs iovec at `vectors`, which live until the completion.
  ///
  /// @return the operation, or [#NONE]
  public long writev(Fd fd, long vectors, int count, Completion completion) {
    return queue(Sys.IORING_OP_WRITEV(), fd, vectors, count, completion);
  }

  /// Queues a wait for POLLIN or other events; the result has the events that came.
  ///
  /// @param multishot completes again and again until it is cancelled or fails
  /// @return the operation, or [#NONE]
  public long poll(Fd fd, int events, boolean multishot, Completion completion) {
    long entry = entry(Sys.IORING_OP_POLL_ADD(), fd.number(), completion);
    if (entry == 0) {
      return NONE;
    }
    Memory.putInt(entry + LENGTH, multishot ? Sys.IORING_POLL_ADD_MULTI() : 0);
    Memory.putInt(entry + POLL_EVENTS, events);
    return Memory.getLong(entry + USER_DATA);
  }

  /// Queues the end of an operation, which then completes with -ECANCELED, or as it did if it was
  /// faster. An operation that is done already, and [#NONE], are ignored.
  public void cancel(long operation) {
    int slot = (int) operation;
    if (operation == NONE || operation != id(slot) || completions[slot] == null) {
      return;
    }
    long entry = nextEntry();
    if (entry == 0) {
      throw new LinuxException("io_uring_enter", Sys.EBUSY(), "queue a cancel");
    }
    Memory.putByte(entry + OPCODE, (byte) Sys.IORING_OP_ASYNC_CANCEL());
    Memory.putInt(entry + FD, -1);
    Memory.putLong(entry + ADDRESS, operation);
    Memory.putLong(entry + USER_DATA, NOBODY);
  }

  /// The flags of a completion say that the multishot operation completes again.
  public static boolean more(int flags) {
    return (flags & Sys.IORING_CQE_F_MORE()) != 0;
  }

  /// Runs `action` on the worker whenever `fd` was signalled, however often since the last run.
  ///
  /// @param fd     an eventfd, which stays the caller's and open until the watch is closed
  /// @throws IllegalStateException when all slots are in use
  public Watch watch(Fd fd, Runnable action) {
    EventWatch watch = new EventWatch(fd, action);
    if (!watch.arm()) {
      throw new IllegalStateException("io_uring has no free slot to watch " + fd);
    }
    return watch;
  }

  /// Operations queued or in the kernel; one of them is the ring's own.
  public int inFlight() {
    return completions.length - free;
  }

  /// Operations that could be queued now.
  public int available() {
    return closing ? 0 : free;
  }

  private long queue(int opcode, Fd fd, long address, int length, Completion completion) {
    long entry = entry(opcode, fd.number(), completion);
    if (entry == 0) {
      return NONE;
    }
    Memory.putLong(entry + OFFSET, -1L);
    Memory.putLong(entry + ADDRESS, address);
    Memory.putInt(entry + LENGTH, length);
    return Memory.getLong(entry + USER_DATA);
  }

  /// A submission entry with a slot, or 0.
  private long entry(int opcode, int fd, Completion completion) {
    if (free == 0 || closing) {
      return 0;
    }
    long entry = nextEntry();
    if (entry == 0) {
      return 0;
    }
    int slot = freeSlots[--free];
    completions[slot] = completion;
    Memory.putByte(entry + OPCODE, (byte) opcode);
    Memory.putInt(entry + FD, fd);
    Memory.putLong(entry + USER_DATA, id(slot));
    return entry;
  }

  private long id(int slot) {
    return (long) generation[slot] << 32 | slot;
  }

  private long nextEntry() {
    long entry = queues.nextEntry();
    if (entry == 0 && started) {
      queues.submitOnly();
      entry = queues.nextEntry();
    }
    return entry;
  }

  // Waiting

  @Override
  public int poll() {
    int done = reap();
    if (queues.queued() > 0 || queues.kernelWaits()) {
      check(queues.submit());
      done += reap();
    }
    return done;
  }

  @Override
  public void await(long nanos) {
    if (reap() == 0) {
      check(queues.submitAndWait(nanos));
      reap();
    }
  }

  private static void check(long result) {
    // ETIME and EINTR end a wait. EAGAIN and EBUSY say that the kernel is short of memory or has
    // completions that we must take first: what is queued stays queued for the next call.
    if (result < 0
        && result != -Sys.ETIME()
        && result != -Sys.EINTR()
        && result != -Sys.EAGAIN()
        && result != -Sys.EBUSY()) {
      throw new LinuxException("io_uring_enter", (int) -result, "submit and wait");
    }
  }

  private int reap() {
    int done = 0;
    // At most one turn's worth: a multishot that never stops must not keep the others waiting.
    while (done < completions.length) {
      long cqe = queues.peek();
      if (cqe == 0) {
        break;
      }
      long operation = Memory.getLong(cqe + CQE_USER_DATA);
      int result = Memory.getInt(cqe + CQE_RESULT);
      int flags = Memory.getInt(cqe + CQE_FLAGS);
      // Before the callback, so that one that throws is not called again.
      queues.pop();
      done++;
      if (operation != NOBODY) {
        complete((int) operation, result, flags);
      }
    }
    return done;
  }

  private void complete(int slot, int result, int flags) {
    Completion completion = completions[slot];
    if (completion == null) {
      throw new AssertionError("completion of free slot " + slot);
    }
    if (!more(flags)) {
      completions[slot] = null;
      // 31 bits, so that no operation is NONE.
      generation[slot] = (generation[slot] + 1) & Integer.MAX_VALUE;
      freeSlots[free++] = slot;
    }
    completion.complete(result, flags);
  }

  @Override
  public void wake() {
    if (!signalled.getAndSet(true)) {
      // The lock keeps close() from freeing the number between our look at it and the write.
      synchronized (wakeUp) {
        if (wakeUp.fd().isOpen()) {
          wakeUp.signal();
        }
      }
    }
  }

  private void armWake() {
    if (!closing && read(wakeUp.fd(), wakeCount.address(), Long.BYTES, onWake) == NONE) {
      throw new IllegalStateException("io_uring has no free slot to be woken by");
    }
  }

  private void woken(int result) {
    if (closing) {
      return;
    }
    if (result < 0 && !retry(result)) {
      throw new LinuxException("read", -result, "wait for a wake-up");
    }
    // A full fence: the worker looks for commands after this.
    signalled.getAndSet(false);
    armWake();
  }

  /// A read that was promised to wait did not: Linux 6.1 gives up when somebody else took what the
  /// read was woken for, more than a hundred times.
  private static boolean retry(int result) {
    return result == -Sys.EAGAIN() || result == -Sys.EINTR();
  }

  /// Cancels what is in flight, waits until all of it is done (completions run), and ends the ring.
  ///
  /// @throws LinuxException when operations do not end: the ring then stays, and so must their
  ///     memory
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    if (started) {
      drain();
    }
    queues.close();
    synchronized (wakeUp) {
      wakeUp.close();
    }
  }

  private void drain() {
    for (int slot = 0; slot < completions.length; slot++) {
      if (completions[slot] != null) {
        cancel(id(slot));
      }
    }
    for (int i = 0; i < CLOSE_WAITS && inFlight() > 0; i++) {
      await(CLOSE_WAIT_NANOS);
    }
    if (inFlight() > 0) {
      throw new LinuxException("io_uring_enter", Sys.ETIME(), "end " + inFlight() + " operations");
    }
  }

  /// A read of an eventfd that starts again whenever it is done.
  private final class EventWatch implements Watch, Completion {
    private final Fd fd;
    private final Runnable action;
    private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    private long operation = NONE;
    private boolean open = true;

    EventWatch(Fd fd, Runnable action) {
      this.fd = fd;
      this.action = action;
    }

    boolean arm() {
      operation = read(fd, count.address(), Long.BYTES, this);
      return operation != NONE;
    }

    @Override
    public void complete(int result, int flags) {
      if (!open || closing) {
        return;
      }
      if (result < 0 && !retry(result)) {
        LOG.log(
            System.Logger.Level.WARNING, "watch of {0} ends: {1}", fd, Linux.errorName(-result));
        return;
      }
      // First the next read: the action may close this watch.
      if (!arm()) {
        throw new IllegalStateException("io_uring has no free slot to watch " + fd + " again");
      }
      if (result > 0) {
        action.run();
      }
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        if (!closing) {
          cancel(operation);
        }
      }
    }
  }
}
