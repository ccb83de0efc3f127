package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.stat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// A file descriptor with one owner, who closes it.
///
/// Closing is idempotent and any thread may do it; [#number] of a closed one throws, so that a
/// number which the kernel has given to another file since then is never used. A thread that sits
/// in a system call on it is not woken by a close: wake it first, for instance by
/// [UnixSocket#shutdown].
public final class Fd implements AutoCloseable {
  private static final int CLOSED = -1;

  private final AtomicInteger number;

  /// Takes over an open descriptor.
  ///
  /// @param number what the kernel gave, 0 or more
  public Fd(int number) {
    if (number < 0) {
      throw new IllegalArgumentException("file descriptor " + number);
    }
    this.number = new AtomicInteger(number);
  }

  /// Opens a file or device, close-on-exec.
  ///
  /// @param flags O_RDWR and the like, numbers of the kernel
  /// @throws LinuxException when the kernel refuses
  static Fd open(String path, int flags) {
    return new Fd(Linux.check(Linux.open(path, flags | Sys.O_CLOEXEC()), "open", "open " + path));
  }

  /// Opens a file or device for reading and writing, close-on-exec.
  ///
  /// @throws LinuxException when the kernel refuses
  public static Fd open(Path path) {
    return open(path.toString(), Sys.O_RDWR());
  }

  /// The kernel's number.
  ///
  /// @throws IllegalStateException when closed
  public int number() {
    int n = number.get();
    if (n == CLOSED) {
      throw new IllegalStateException("file descriptor is closed");
    }
    return n;
  }

  /// Not closed yet.
  public boolean isOpen() {
    return number.get() != CLOSED;
  }

  /// A second descriptor of the same open file, close-on-exec, with an owner of its own.
  ///
  /// @throws LinuxException when there are too many (EMFILE)
  public Fd duplicate() {
    return new Fd(
        Linux.check(
            Linux.fcntl(number(), Sys.F_DUPFD_CLOEXEC(), 0),
            "fcntl F_DUPFD_CLOEXEC",
            "duplicate " + this));
  }

  /// Makes reads and writes return EAGAIN where they would wait. This changes the open file, so
  /// also for others who hold it.
  ///
  /// @return this
  /// @throws LinuxException when the kernel refuses
  public Fd nonBlocking() {
    int flags = Linux.check(Linux.fcntl(number(), Sys.F_GETFL(), 0), "fcntl F_GETFL", toString());
    Linux.check(
        Linux.fcntl(number(), Sys.F_SETFL(), flags | Sys.O_NONBLOCK()),
        "fcntl F_SETFL",
        "make " + this + " non-blocking");
    return this;
  }

  /// It is an eventfd: the only thing from a peer that may be written to as a notification. A pipe
  /// or a file in its place could block us, raise SIGPIPE or fill a disk.
  public boolean isEventFd() {
    return target().startsWith("anon_inode:[eventfd");
  }

  /// It is a file of a file system or a memfd, so it has a length and can be mapped.
  public boolean isRegularFile() {
    try (Arena arena = Arena.ofConfined()) {
      return (stat.st_mode(status(arena)) & Sys.S_IFMT()) == Sys.S_IFREG();
    }
  }

  /// Length of the file in bytes.
  ///
  /// @throws LinuxException when it has none
  public long size() {
    try (Arena arena = Arena.ofConfined()) {
      return stat.st_size(status(arena));
    }
  }

  private MemorySegment status(Arena arena) {
    MemorySegment status = stat.allocate(arena);
    Linux.check(Linux.fstat(number(), status.address()), "fstat", "look at " + this);
    return status;
  }

  /// Seals of a memory file as F_SEAL_* bits.
  ///
  /// @return -1 when it is a file that cannot be sealed, so that anybody who holds it can shrink it
  public int seals() {
    int seals = Linux.fcntl(number(), Sys.F_GET_SEALS(), 0);
    return seals < 0 ? -1 : seals;
  }

  /// Nobody can make the file shorter any more, so a mapping of it cannot lose its pages.
  public boolean cannotShrink() {
    int seals = seals();
    return seals != -1 && (seals & Sys.F_SEAL_SHRINK()) != 0;
  }

  /// What the kernel says this is, for instance `anon_inode:[eventfd]` or a path.
  public String target() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + number())).toString();
    } catch (IOException e) {
      return "unknown: " + e.getMessage();
    }
  }

  @Override
  public void close() {
    int n = number.getAndSet(CLOSED);
    if (n != CLOSED) {
      // An error here tells of a write that was lost before; none of our files has such.
      Linux.close(n);
    }
  }

  @Override
  public String toString() {
    int n = number.get();
    return n == CLOSED ? "fd closed" : "fd " + n;
  }
}
