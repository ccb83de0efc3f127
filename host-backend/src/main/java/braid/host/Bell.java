package braid.host;

import braid.kernel.Fd;
import braid.kernel.IoUring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// Rings at the front-end: writes to an eventfd that it gave us (call, error).
///
/// The write goes through io_uring, with the batch, and never waits: a front-end can fill its
/// eventfd and clear its O_NONBLOCK behind our back, then the kernel keeps the operation and the
/// worker goes on. One write is in flight at a time; what comes meanwhile makes one more.
///
/// **Thread**: the worker's. The descriptor stays the session's, which closes it a turn after it
/// was taken out here, when what was queued for it has been handed over.
final class Bell implements IoUring.Completion {
  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

  private final IoUring ring;
  private @Nullable Fd fd;
  private boolean flying;
  private boolean again;

  Bell(IoUring ring) {
    this.ring = ring;
  }

  /// From now on this is rung; null for nothing.
  void fd(@Nullable Fd next) {
    fd = next;
  }

  /// Rings.
  void ring() {
    Fd to = fd;
    if (to == null) {
      return;
    }
    if (flying) {
      again = true;
      return;
    }
    flying = ring.write(to, ONE.address(), Long.BYTES, this) != IoUring.NONE;
    // No slot in the ring: try at the next completion or the next batch.
    again = !flying;
  }

  /// A ring that found no slot is tried again; called once a batch.
  void retry() {
    if (again && !flying) {
      again = false;
      ring();
    }
  }

  @Override
  public void complete(int result, int flags) {
    // -EAGAIN: the counter is full, so the front-end knows. Other errors are its own doing.
    flying = false;
    retry();
  }
}
