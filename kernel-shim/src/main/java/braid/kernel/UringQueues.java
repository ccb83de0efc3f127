package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.__kernel_timespec;
import braid.kernel.jextract.io_cqring_offsets;
import braid.kernel.jextract.io_sqring_offsets;
import braid.kernel.jextract.io_uring_cqe;
import braid.kernel.jextract.io_uring_getevents_arg;
import braid.kernel.jextract.io_uring_params;
import braid.kernel.jextract.io_uring_sqe;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The two rings of an io_uring as the kernel maps them, and io_uring_enter. Knows nothing of what
/// an operation means.
///
/// The submission queue is an array of 64-byte entries and a tail that we publish with release
/// order; the kernel publishes its head. The completion queue is an array of 16-byte entries and a
/// tail that the kernel publishes; we read it with acquire order and publish our head with release
/// order, so that the kernel reuses an entry only after we have read it.
///
/// One thread; with IORING_SETUP_SINGLE_ISSUER it is the one that called [#enable].
final class UringQueues implements AutoCloseable {
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final long SQE_BYTES = io_uring_sqe.sizeof();
  private static final long CQE_BYTES = io_uring_cqe.sizeof();
  private static final long SECOND = 1_000_000_000L;

  /// The best set of setup flags first; a kernel that does not know one says EINVAL.
  private static final int[] FLAGS = {
    // Linux 6.1: completions are worked on only when we ask, on our thread; and SQ_TASKRUN tells
    // us by a memory read that there is something to ask for. Disabled at first, because the
    // thread that enables it is the one the ring belongs to.
    Sys.IORING_SETUP_SINGLE_ISSUER()
        | Sys.IORING_SETUP_DEFER_TASKRUN()
        | Sys.IORING_SETUP_TASKRUN_FLAG()
        | Sys.IORING_SETUP_R_DISABLED()
        | Sys.IORING_SETUP_SUBMIT_ALL(),
    // Linux 5.19: at least without interrupting us.
    Sys.IORING_SETUP_COOP_TASKRUN()
        | Sys.IORING_SETUP_TASKRUN_FLAG()
        | Sys.IORING_SETUP_SUBMIT_ALL(),
    0,
  };

  private final Fd fd;
  private final int setup;
  private final Mapping rings;
  private final Mapping entries;
  private final MemorySegment ring;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment wait = io_uring_getevents_arg.allocate(arena);
  private final MemorySegment timeout = __kernel_timespec.allocate(arena);

  private final long sqHead;
  private final long sqTail;
  private final long sqFlags;
  private final int sqEntries;
  private final long cqHead;
  private final long cqTail;
  private final int cqMask;
  private final long cqes;
  private final long sqes;

  /// Next submission entry to fill; published up to here by [#enter].
  private int tail;

  /// Next completion entry to read.
  private int head;

  /// Makes the rings, not enabled yet.
  ///
  /// @param submissions power of two: entries queued between two calls of the kernel
  /// @param completions power of two: completions that can wait
  /// @throws LinuxException ENOSYS or EPERM where io_uring is switched off
  UringQueues(int submissions, int completions) {
    MemorySegment params = io_uring_params.allocate(arena);
    fd = new Fd(setUp(params, submissions, completions));
    setup = io_uring_params.flags(params);
    int needed = Sys.IORING_FEAT_SINGLE_MMAP() | Sys.IORING_FEAT_EXT_ARG();
    if ((io_uring_params.features(params) & needed) != needed) {
      fd.close();
      throw new LinuxException(
          "io_uring_setup", Sys.EOPNOTSUPP(), "make an io_uring (needs Linux 5.11)");
    }
    MemorySegment sq = io_uring_params.sq_off(params);
    MemorySegment cq = io_uring_params.cq_off(params);
    sqEntries = io_uring_params.sq_entries(params);
    int cqEntries = io_uring_params.cq_entries(params);
    long sqBytes = io_sqring_offsets.array(sq) + (long) sqEntries * Integer.BYTES;
    long cqBytes = io_cqring_offsets.cqes(cq) + cqEntries * CQE_BYTES;
    rings = Mapping.populated(fd, Sys.IORING_OFF_SQ_RING(), Math.max(sqBytes, cqBytes));
    entries = Mapping.populated(fd, Sys.IORING_OFF_SQES(), sqEntries * SQE_BYTES);
    ring = rings.segment();
    sqHead = io_sqring_offsets.head(sq);
    sqTail = io_sqring_offsets.tail(sq);
    sqFlags = io_sqring_offsets.flags(sq);
    cqHead = io_cqring_offsets.head(cq);
    cqTail = io_cqring_offsets.tail(cq);
    cqMask = cqEntries - 1;
    cqes = rings.address() + io_cqring_offsets.cqes(cq);
    sqes = entries.address();
    // The kernel's level of indirection is not used: slot i of the ring is always entry i.
    for (int i = 0; i < sqEntries; i++) {
      ring.set(ValueLayout.JAVA_INT, io_sqring_offsets.array(sq) + (long) i * Integer.BYTES, i);
    }
    tail = (int) INT.getAcquire(ring, sqTail);
    head = (int) INT.getAcquire(ring, cqHead);
    io_uring_getevents_arg.ts(wait, timeout.address());
  }

  private static int setUp(MemorySegment params, int submissions, int completions) {
    long result = -Sys.EINVAL();
    for (int i = 0; i < FLAGS.length && result == -Sys.EINVAL(); i++) {
      params.fill((byte) 0);
      io_uring_params.flags(params, FLAGS[i] | Sys.IORING_SETUP_CQSIZE());
      io_uring_params.cq_entries(params, completions);
      result = Linux.uringSetup(submissions, params.address());
    }
    return (int)
        Linux.check(
            result, "io_uring_setup", "make an io_uring (see sysctl kernel.io_uring_disabled)");
  }

  /// Makes the ring usable, by the calling thread only.
  ///
  /// @throws LinuxException when the kernel refuses
  void enable() {
    if ((setup & Sys.IORING_SETUP_R_DISABLED()) != 0) {
      Linux.check(
          Linux.uringRegister(fd.number(), Sys.IORING_REGISTER_ENABLE_RINGS(), 0, 0),
          "io_uring_register",
          "enable the io_uring");
    }
  }

  /// The kernel works on completions only inside [#enter].
  boolean deferred() {
    return (setup & Sys.IORING_SETUP_DEFER_TASKRUN()) != 0;
  }

  /// Entries filled and not yet taken by the kernel.
  int queued() {
    return tail - (int) INT.getAcquire(ring, sqHead);
  }

  /// Zeroed memory for the next entry, or 0 when the queue is full. Taken by [#enter].
  long nextEntry() {
    if (queued() == sqEntries) {
      return 0;
    }
    long entry = sqes + (tail & (sqEntries - 1)) * SQE_BYTES;
    for (long i = 0; i < SQE_BYTES; i += Long.BYTES) {
      Memory.putLong(entry + i, 0);
    }
    tail++;
    return entry;
  }

  /// There is work that the kernel does only when asked: deferred completions or an overflow.
  boolean kernelWaits() {
    int flags = (int) INT.getAcquire(ring, sqFlags);
    return (flags & (Sys.IORING_SQ_TASKRUN() | Sys.IORING_SQ_CQ_OVERFLOW())) != 0;
  }

  /// Hands over what is queued and lets the kernel work on completions, without waiting.
  ///
  /// @return entries taken, or a negative error number
  long submit() {
    return enter(0, Sys.IORING_ENTER_GETEVENTS(), 0, 0);
  }

  /// Hands over what is queued and nothing else: no completion appears for older operations, so
  /// this may be called while completions are being handled.
  ///
  /// @return entries taken, or a negative error number
  long submitOnly() {
    return enter(0, 0, 0, 0);
  }

  /// As [#submit], then waits for one completion.
  ///
  /// @param nanos how long at most; [Long#MAX_VALUE] for no limit
  /// @return entries taken, or a negative error number; -ETIME when the time was over
  long submitAndWait(long nanos) {
    if (nanos == Long.MAX_VALUE) {
      return enter(1, Sys.IORING_ENTER_GETEVENTS(), 0, 0);
    }
    __kernel_timespec.tv_sec(timeout, nanos / SECOND);
    __kernel_timespec.tv_nsec(timeout, nanos % SECOND);
    return enter(
        1,
        Sys.IORING_ENTER_GETEVENTS() | Sys.IORING_ENTER_EXT_ARG(),
        wait.address(),
        io_uring_getevents_arg.sizeof());
  }

  private long enter(int complete, int flags, long argument, long size) {
    INT.setRelease(ring, sqTail, tail);
    return Linux.uringEnter(fd.number(), queued(), complete, flags, argument, size);
  }

  /// Address of the oldest completion, or 0 when there is none. Read it, then [#pop].
  long peek() {
    if ((int) INT.getAcquire(ring, cqTail) == head) {
      return 0;
    }
    return cqes + (head & cqMask) * CQE_BYTES;
  }

  /// Gives the entry of [#peek] back to the kernel.
  void pop() {
    head++;
    INT.setRelease(ring, cqHead, head);
  }

  /// Ends the ring. Operations that are still in flight go on in the kernel: end them before.
  @Override
  public void close() {
    entries.close();
    rings.close();
    fd.close();
  }
}
