package braid.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import braid.kernel.jextract.Sys;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/// The system calls, by the foreign function interface: one private handle and one typed method
/// for each.
///
/// Every method has the kernel's own convention: a result of 0 or more, or the negative error
/// number. Nothing here throws for an error of the kernel. A caller on the control path wraps the
/// call in [#check], which turns a negative result into a [LinuxException] that says what was
/// tried; a caller on the data path looks at the number. No method allocates, except those that
/// take a String.
///
/// errno is captured by the linker before the JVM can overwrite it, into a segment of the calling
/// thread. Buffers go in as native addresses: their owner keeps them alive for the call.
final class Linux {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private static final MethodHandle CLOSE = handle("close", "i:i");
  private static final MethodHandle OPEN = handle("open", "i:pi.i");
  private static final MethodHandle READ = handle("read", "l:ill");
  private static final MethodHandle WRITE = handle("write", "l:ill");
  private static final MethodHandle PREAD = handle("pread", "l:illl");
  private static final MethodHandle PWRITE = handle("pwrite", "l:illl");
  private static final MethodHandle IOCTL = handle("ioctl", "i:il.l");
  private static final MethodHandle FCNTL = handle("fcntl", "i:ii.l");
  private static final MethodHandle FSTAT = handle("fstat", "i:il");
  private static final MethodHandle FTRUNCATE = handle("ftruncate", "i:il");
  private static final MethodHandle MEMFD_CREATE = handle("memfd_create", "i:pi");
  private static final MethodHandle MMAP = handle("mmap", "l:lliiil");
  private static final MethodHandle MUNMAP = handle("munmap", "i:ll");
  private static final MethodHandle MLOCK = handle("mlock", "i:ll");
  private static final MethodHandle MADVISE = handle("madvise", "i:lli");
  private static final MethodHandle EVENTFD = handle("eventfd", "i:ii");
  private static final MethodHandle SOCKET = handle("socket", "i:iii");
  private static final MethodHandle SOCKETPAIR = handle("socketpair", "i:iiil");
  private static final MethodHandle BIND = handle("bind", "i:ili");
  private static final MethodHandle LISTEN = handle("listen", "i:ii");
  private static final MethodHandle ACCEPT4 = handle("accept4", "i:illi");
  private static final MethodHandle CONNECT = handle("connect", "i:ili");
  private static final MethodHandle SHUTDOWN = handle("shutdown", "i:ii");
  private static final MethodHandle SENDMSG = handle("sendmsg", "l:ili");
  private static final MethodHandle RECVMSG = handle("recvmsg", "l:ili");
  private static final MethodHandle RECV = handle("recv", "l:illi");
  private static final MethodHandle SEND = handle("send", "l:illi");
  private static final MethodHandle SETSOCKOPT = handle("setsockopt", "i:iiili");
  private static final MethodHandle POLL = handle("poll", "i:lli");
  private static final MethodHandle URING_SETUP = handle("syscall", "l:l.il");
  private static final MethodHandle URING_ENTER = handle("syscall", "l:l.iiiill");
  private static final MethodHandle URING_REGISTER = handle("syscall", "l:l.iili");
  private static final MethodHandle ERROR_NAME =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("strerrorname_np"),
          FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private Linux() {}

  /// A handle for `name`, which captures errno.
  ///
  /// @param shape result, colon, parameters: `i` int, `l` long or pointer as a number, `p` pointer
  ///              as a segment; a dot stands before the first variadic parameter
  static MethodHandle handle(String name, String shape) {
    List<Linker.Option> options = new ArrayList<>();
    options.add(Linker.Option.captureCallState("errno"));
    List<MemoryLayout> parameters = new ArrayList<>();
    for (char letter : shape.substring(2).toCharArray()) {
      if (letter == '.') {
        options.add(Linker.Option.firstVariadicArg(parameters.size()));
      } else {
        parameters.add(layout(letter));
      }
    }
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(layout(shape.charAt(0)), parameters.toArray(MemoryLayout[]::new)),
        options.toArray(Linker.Option[]::new));
  }

  private static MemoryLayout layout(char letter) {
    return switch (letter) {
      case 'i' -> JAVA_INT;
      case 'l' -> JAVA_LONG;
      case 'p' -> ADDRESS;
      default -> throw new AssertionError("shape letter " + letter);
    };
  }

  /// The result if it is none of an error.
  /// @throws LinuxException with the error number when `result` is negative
  static int check(int result, String call, String tried) {
    if (result < 0) {
      throw new LinuxException(call, -result, tried);
    }
    return result;
  }

  /// As [#check(int, String, String)], for calls with a 64-bit result.
  static long check(long result, String call, String tried) {
    if (result < 0) {
      throw new LinuxException(call, (int) -result, tried);
    }
    return result;
  }

  /// Symbolic name of an error number, `?` when the C library knows none.
  static String errorName(int errno) {
    try {
      MemorySegment name = (MemorySegment) ERROR_NAME.invokeExact(errno);
      return name.address() == 0 ? "?" : name.reinterpret(64).getString(0);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// The calling thread's place for errno.
  static MemorySegment captured() {
    return CAPTURED.get();
  }

  /// What a handle of the C library returned, in the kernel's convention.
  static int result(int returned, MemorySegment captured) {
    return returned == -1 ? -(int) ERRNO.get(captured, 0L) : returned;
  }

  private static long result(long returned, MemorySegment captured) {
    return returned == -1 ? -(int) ERRNO.get(captured, 0L) : returned;
  }

  /// A handle throws nothing by itself: whatever comes out is a mistake in its shape.
  static AssertionError bug(Throwable t) {
    return new AssertionError("downcall", t);
  }

  /// Closes a file descriptor. Never repeated, also not after EINTR: the number is free then.
  static int close(int fd) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) CLOSE.invokeExact(captured, fd), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Opens a path; a new file gets mode 0600.
  static int open(String path, int flags) {
    MemorySegment captured = CAPTURED.get();
    try (Arena arena = Arena.ofConfined()) {
      return result(
          (int) OPEN.invokeExact(captured, arena.allocateFrom(path), flags, 0600), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Reads up to `length` bytes to native `address`.
  static long read(int fd, long address, long length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) READ.invokeExact(captured, fd, address, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Writes up to `length` bytes from native `address`.
  static long write(int fd, long address, long length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) WRITE.invokeExact(captured, fd, address, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Reads at a file offset.
  static long pread(int fd, long address, long length, long offset) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) PREAD.invokeExact(captured, fd, address, length, offset), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Writes at a file offset.
  static long pwrite(int fd, long address, long length, long offset) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) PWRITE.invokeExact(captured, fd, address, length, offset), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Device control. `argument` is a number or a native address, as the request wants.
  static int ioctl(int fd, long request, long argument) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) IOCTL.invokeExact(captured, fd, request, argument), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// File control with a number as argument.
  static int fcntl(int fd, int command, long argument) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) FCNTL.invokeExact(captured, fd, command, argument), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Fills a `struct stat` at `address`.
  static int fstat(int fd, long address) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) FSTAT.invokeExact(captured, fd, address), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Sets a file's length.
  static int ftruncate(int fd, long length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) FTRUNCATE.invokeExact(captured, fd, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Makes an anonymous memory file.
  static int memfdCreate(String name, int flags) {
    MemorySegment captured = CAPTURED.get();
    try (Arena arena = Arena.ofConfined()) {
      return result(
          (int) MEMFD_CREATE.invokeExact(captured, arena.allocateFrom(name), flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Maps memory.
  ///
  /// @return the address, which in user space is positive
  static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result(
          (long) MMAP.invokeExact(captured, address, length, protection, flags, fd, offset),
          captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Unmaps memory.
  static int munmap(long address, long length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) MUNMAP.invokeExact(captured, address, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Locks memory in RAM.
  static int mlock(long address, long length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) MLOCK.invokeExact(captured, address, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Gives advice about memory.
  static int madvise(long address, long length, int advice) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) MADVISE.invokeExact(captured, address, length, advice), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Makes an eventfd.
  static int eventfd(int initial, int flags) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) EVENTFD.invokeExact(captured, initial, flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Makes a socket.
  static int socket(int domain, int type, int protocol) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) SOCKET.invokeExact(captured, domain, type, protocol), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Makes two joined sockets; their numbers go to `pair`, an int[2].
  static int socketpair(int domain, int type, int protocol, long pair) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) SOCKETPAIR.invokeExact(captured, domain, type, protocol, pair), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Gives a socket its address.
  static int bind(int fd, long address, int length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) BIND.invokeExact(captured, fd, address, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Lets a socket accept connections.
  static int listen(int fd, int backlog) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) LISTEN.invokeExact(captured, fd, backlog), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Accepts a connection; the peer's address is not asked for.
  static int accept(int fd, int flags) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) ACCEPT4.invokeExact(captured, fd, 0L, 0L, flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Connects a socket.
  static int connect(int fd, long address, int length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) CONNECT.invokeExact(captured, fd, address, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Ends a connection for all who hold it.
  static int shutdown(int fd, int how) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) SHUTDOWN.invokeExact(captured, fd, how), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Sends what a `struct msghdr` describes.
  static long sendmsg(int fd, long message, int flags) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) SENDMSG.invokeExact(captured, fd, message, flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Receives into what a `struct msghdr` describes.
  static long recvmsg(int fd, long message, int flags) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) RECVMSG.invokeExact(captured, fd, message, flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Receives bytes.
  static long recv(int fd, long address, long length, int flags) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) RECV.invokeExact(captured, fd, address, length, flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Sends bytes.
  static long send(int fd, long address, long length, int flags) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((long) SEND.invokeExact(captured, fd, address, length, flags), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Sets an option of a socket.
  static int setsockopt(int fd, int level, int option, long value, int length) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result(
          (int) SETSOCKOPT.invokeExact(captured, fd, level, option, value, length), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Waits on `count` structs pollfd; -1 ms waits for ever.
  static int poll(long fds, long count, int milliseconds) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result((int) POLL.invokeExact(captured, fds, count, milliseconds), captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Makes a ring of `entries` from a `struct io_uring_params`.
  static long uringSetup(int entries, long params) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result(
          (long)
              URING_SETUP.invokeExact(captured, (long) Sys.__NR_io_uring_setup(), entries, params),
          captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Submits and waits. Data path: allocates nothing.
  ///
  /// @param argument a `struct io_uring_getevents_arg` with IORING_ENTER_EXT_ARG, else 0
  static long uringEnter(int fd, int submit, int complete, int flags, long argument, long size) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result(
          (long)
              URING_ENTER.invokeExact(
                  captured,
                  (long) Sys.__NR_io_uring_enter(),
                  fd,
                  submit,
                  complete,
                  flags,
                  argument,
                  size),
          captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }

  /// Changes a ring.
  static long uringRegister(int fd, int opcode, long argument, int count) {
    MemorySegment captured = CAPTURED.get();
    try {
      return result(
          (long)
              URING_REGISTER.invokeExact(
                  captured, (long) Sys.__NR_io_uring_register(), fd, opcode, argument, count),
          captured);
    } catch (Throwable t) {
      throw bug(t);
    }
  }
}
