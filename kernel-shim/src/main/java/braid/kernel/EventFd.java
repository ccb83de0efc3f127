package braid.kernel;

import braid.kernel.jextract.Sys;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A counter that one side adds to and another sleeps on: kicks, calls, interrupts.
///
/// Any thread may signal; one thread drains.
public final class EventFd implements AutoCloseable {
  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

  private final Fd fd;
  private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

  private EventFd(Fd fd) {
    this.fd = fd;
  }

  /// A new one, at 0, non-blocking, close-on-exec.
  ///
  /// @throws LinuxException when the kernel refuses
  public static EventFd create() {
    return new EventFd(
        new Fd(
            Linux.check(
                Linux.eventfd(0, Sys.EFD_CLOEXEC() | Sys.EFD_NONBLOCK()),
                "eventfd",
                "make an eventfd")));
  }

  /// Takes over a descriptor that a peer gave, and makes it non-blocking, so that a peer that never
  /// drains it cannot stop us.
  ///
  /// @throws LinuxException   when the kernel refuses
  /// @throws IllegalArgumentException when it is something else; `fd` then stays the caller's
  public static EventFd of(Fd fd) {
    if (!fd.isEventFd()) {
      throw new IllegalArgumentException("not an eventfd: " + fd + " is " + fd.target());
    }
    return new EventFd(fd.nonBlocking());
  }

  /// Adds 1 and wakes who sleeps on it. Data path: no exception, no allocation.
  ///
  /// @return 8, or a negative error number; -EAGAIN means that nobody has drained it for long
  public long signal() {
    return Linux.write(fd.number(), ONE.address(), Long.BYTES);
  }

  /// Takes the count and sets it to 0.
  ///
  /// @return how often it was signalled since the last call, 0 for not
  public long drain() {
    long result = Linux.read(fd.number(), count.address(), Long.BYTES);
    return result == Long.BYTES ? count.get(ValueLayout.JAVA_LONG, 0) : 0;
  }

  /// Waits until it is signalled; leaves the count as it is.
  ///
  /// @param milliseconds how long at most, -1 for ever
  /// @return true when signalled
  public boolean await(int milliseconds) {
    return Poll.readable(fd, milliseconds);
  }

  /// The descriptor; stays owned by this.
  public Fd fd() {
    return fd;
  }

  @Override
  public void close() {
    fd.close();
  }
}
