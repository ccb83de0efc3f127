package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.cmsghdr;
import braid.kernel.jextract.iovec;
import braid.kernel.jextract.msghdr;
import braid.kernel.jextract.sockaddr_un;
import braid.kernel.jextract.timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// A connected Unix stream socket that can carry file descriptors.
///
/// **Threads**: one receives, one (the same or another) sends; each direction has its own lock. Any
/// thread may call [#shutdown], which wakes both with an end of stream; the owner closes
/// afterwards.
public final class UnixSocket implements AutoCloseable {
  /// What [#receive] returns at the end of the stream, also when the peer died or we shut down.
  public static final int END = -1;

  /// What [#receive] returns when the time set by [#timeouts] was over.
  public static final int TIMEOUT = -2;

  /// Most descriptors taken or given with one message; vhost-user has up to 8.
  public static final int FDS_MAX = 32;

  /// Most bytes of a path that the kernel takes, without the closing zero.
  private static final int PATH_BYTES_MAX = 107;

  private final Fd fd;
  private final Message incoming = new Message();
  private final Message outgoing = new Message();

  UnixSocket(Fd fd) {
    this.fd = fd;
  }

  /// Connects to a listening socket.
  ///
  /// @throws LinuxException ENOENT or ECONNREFUSED when nobody listens
  public static UnixSocket connect(Path path) {
    Fd fd = newSocket("connect to " + path);
    try {
      Linux.check(connect(fd, path), "connect", "connect to " + path);
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
    return new UnixSocket(fd);
  }

  /// Two sockets joined to each other.
  ///
  /// @throws LinuxException when the kernel refuses
  public static List<UnixSocket> pair() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment both = arena.allocate(ValueLayout.JAVA_INT, 2);
      Linux.check(
          Linux.socketpair(
              Sys.AF_UNIX(), Sys.SOCK_STREAM() | Sys.SOCK_CLOEXEC(), 0, both.address()),
          "socketpair",
          "make a socket pair");
      return List.of(
          new UnixSocket(new Fd(both.getAtIndex(ValueLayout.JAVA_INT, 0))),
          new UnixSocket(new Fd(both.getAtIndex(ValueLayout.JAVA_INT, 1))));
    }
  }

  /// Takes over a descriptor that is a connected Unix stream socket.
  public static UnixSocket of(Fd fd) {
    return new UnixSocket(fd);
  }

  static Fd newSocket(String tried) {
    return new Fd(
        Linux.check(
            Linux.socket(Sys.AF_UNIX(), Sys.SOCK_STREAM() | Sys.SOCK_CLOEXEC(), 0),
            "socket",
            tried));
  }

  /// Connects `fd`.
  ///
  /// @return 0, or a negative error number
  static int connect(Fd fd, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int result;
      do {
        result = Linux.connect(fd.number(), address(arena, path).address(), addressBytes());
      } while (result == -Sys.EINTR());
      return result;
    }
  }

  static int addressBytes() {
    return (int) sockaddr_un.sizeof();
  }

  /// A `struct sockaddr_un` for `path`.
  ///
  /// @throws IllegalArgumentException when the path is too long for the kernel
  static MemorySegment address(Arena arena, Path path) {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || name.length > PATH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "socket path of " + name.length + " bytes, 1 to " + PATH_BYTES_MAX + " fit: " + path);
    }
    MemorySegment address = sockaddr_un.allocate(arena);
    sockaddr_un.sun_family(address, (short) Sys.AF_UNIX());
    MemorySegment.copy(
        name, 0, address, ValueLayout.JAVA_BYTE, sockaddr_un.sun_path$offset(), name.length);
    return address;
  }

  /// Limits how long [#receive] and [#send] wait; [Duration#ZERO] for no limit.
  ///
  /// @return this
  /// @throws LinuxException when the kernel refuses
  public UnixSocket timeouts(Duration receive, Duration send) {
    timeout(Sys.SO_RCVTIMEO(), receive);
    timeout(Sys.SO_SNDTIMEO(), send);
    return this;
  }

  private void timeout(int option, Duration limit) {
    try (Arena arena = Arena.ofConfined()) {
      // struct timeval: two longs as timespec has, the second in microseconds.
      MemorySegment value = timespec.allocate(arena);
      timespec.tv_sec(value, limit.toSeconds());
      timespec.tv_nsec(value, limit.toNanosPart() / 1000);
      Linux.check(
          Linux.setsockopt(
              fd.number(), Sys.SOL_SOCKET(), option, value.address(), (int) timespec.sizeof()),
          "setsockopt",
          "limit waiting to " + limit);
    }
  }

  /// Waits for bytes and takes what is there.
  ///
  /// @param into native memory, at least 1 byte; not filled up
  /// @param fds  descriptors that came are appended, close-on-exec, and are the caller's, up to
  ///             [#FDS_MAX] in all; more are closed by the kernel
  /// @return bytes, [#END] or [#TIMEOUT]
  /// @throws LinuxException for anything but an end
  public int receive(MemorySegment into, List<Fd> fds) {
    synchronized (incoming) {
      incoming.prepare(into, FDS_MAX);
      long result;
      do {
        result = Linux.recvmsg(fd.number(), incoming.header(), Sys.MSG_CMSG_CLOEXEC());
      } while (result == -Sys.EINTR());
      if (result == 0 || result == -Sys.ECONNRESET()) {
        return END;
      }
      if (result == -Sys.EAGAIN()) {
        return TIMEOUT;
      }
      Linux.check(result, "recvmsg", "receive on " + fd);
      incoming.takeFds(fds);
      return (int) result;
    }
  }

  /// Waits until `into` is full.
  ///
  /// @param fds as in [#receive]
  /// @return bytes: all of `into`, or fewer when the stream ended first
  /// @throws LinuxException ETIMEDOUT when the time set by [#timeouts] was over between two bytes
  public int receiveFully(MemorySegment into, List<Fd> fds) {
    long at = 0;
    while (at < into.byteSize()) {
      int got = receive(into.asSlice(at), fds);
      if (got == END) {
        break;
      }
      if (got == TIMEOUT) {
        throw new LinuxException(
            "recvmsg", Sys.ETIMEDOUT(), "receive " + into.byteSize() + " bytes, got " + at);
      }
      at += got;
    }
    return (int) at;
  }

  /// Sends all of `from`, with `fds` attached to its first byte. The descriptors stay the caller's.
  ///
  /// @param from native memory, at least 1 byte
  /// @param fds  up to [#FDS_MAX]
  /// @throws LinuxException EPIPE when the peer is gone, ETIMEDOUT when the time set by
  ///     [#timeouts] was over
  public void send(MemorySegment from, List<Fd> fds) {
    synchronized (outgoing) {
      long at = 0;
      while (at < from.byteSize()) {
        outgoing.prepare(from.asSlice(at), 0);
        if (at == 0) {
          outgoing.putFds(fds);
        }
        long result = Linux.sendmsg(fd.number(), outgoing.header(), Sys.MSG_NOSIGNAL());
        if (result == -Sys.EAGAIN()) {
          result = -Sys.ETIMEDOUT();
        }
        if (result != -Sys.EINTR()) {
          at += Linux.check(result, "sendmsg", "send " + from.byteSize() + " bytes on " + fd);
        }
      }
    }
  }

  /// Ends the connection in both directions, and with it every wait on it. Any thread; the
  /// descriptor stays open until [#close].
  public void shutdown() {
    if (fd.isOpen()) {
      // ENOTCONN: the peer was faster.
      Linux.shutdown(fd.number(), Sys.SHUT_RDWR());
    }
  }

  /// The descriptor; stays owned by this.
  public Fd fd() {
    return fd;
  }

  /// Closes our descriptor. The connection lives on if another process holds it too. When another
  /// thread may be waiting here, [#shutdown] first.
  @Override
  public void close() {
    fd.close();
  }

  /// The `struct msghdr` of one direction with its iovec and room for descriptors, used again for
  /// each message.
  private static final class Message {
    /// A control message starts on a border of 8 bytes and its data after the 16 byte header.
    private static final long CONTROL_BYTES = cmsghdr.sizeof() + (long) FDS_MAX * Integer.BYTES;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment header = msghdr.allocate(arena);
    private final MemorySegment vector = iovec.allocate(arena);
    private final MemorySegment control = arena.allocate(CONTROL_BYTES, Long.BYTES);

    long header() {
      return header.address();
    }

    /// Points at `bytes`.
    ///
    /// @param fds room for that many descriptors
    void prepare(MemorySegment bytes, int fds) {
      if (!bytes.isNative() || bytes.byteSize() == 0) {
        throw new IllegalArgumentException("needs native memory of at least 1 byte: " + bytes);
      }
      iovec.iov_base(vector, bytes);
      iovec.iov_len(vector, bytes.byteSize());
      msghdr.msg_name(header, MemorySegment.NULL);
      msghdr.msg_namelen(header, 0);
      msghdr.msg_iov(header, vector);
      msghdr.msg_iovlen(header, 1);
      msghdr.msg_control(header, fds == 0 ? MemorySegment.NULL : control);
      msghdr.msg_controllen(header, fds == 0 ? 0 : CONTROL_BYTES);
      msghdr.msg_flags(header, 0);
    }

    void putFds(List<Fd> fds) {
      if (fds.isEmpty()) {
        return;
      }
      if (fds.size() > FDS_MAX) {
        throw new IllegalArgumentException(fds.size() + " descriptors, at most " + FDS_MAX);
      }
      long length = cmsghdr.sizeof() + (long) fds.size() * Integer.BYTES;
      cmsghdr.cmsg_len(control, length);
      cmsghdr.cmsg_level(control, Sys.SOL_SOCKET());
      cmsghdr.cmsg_type(control, Sys.SCM_RIGHTS());
      for (int i = 0; i < fds.size(); i++) {
        control.set(
            ValueLayout.JAVA_INT, cmsghdr.sizeof() + (long) i * Integer.BYTES, fds.get(i).number());
      }
      msghdr.msg_control(header, control);
      msghdr.msg_controllen(header, (length + 7) & -8L);
    }

    /// Takes what the kernel put there. It never puts two SCM_RIGHTS into one message of a stream,
    /// but other kinds may stand before.
    void takeFds(List<Fd> into) {
      long end = msghdr.msg_controllen(header);
      long at = 0;
      while (at + cmsghdr.sizeof() <= end) {
        MemorySegment one = control.asSlice(at);
        long length = cmsghdr.cmsg_len(one);
        if (length < cmsghdr.sizeof() || length > end - at) {
          return;
        }
        if (cmsghdr.cmsg_level(one) == Sys.SOL_SOCKET()
            && cmsghdr.cmsg_type(one) == Sys.SCM_RIGHTS()) {
          for (long i = cmsghdr.sizeof(); i + Integer.BYTES <= length; i += Integer.BYTES) {
            take(into, one.get(ValueLayout.JAVA_INT, i));
          }
        }
        at += (length + 7) & -8L;
      }
    }

    private static void take(List<Fd> into, int number) {
      Fd fd = new Fd(number);
      if (into.size() < FDS_MAX) {
        into.add(fd);
      } else {
        fd.close();
      }
    }
  }
}
