package braid.kernel;

import braid.kernel.jextract.Sys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A Unix socket that waits for connections.
///
/// One thread accepts; any thread may [#close], which wakes it.
public final class UnixListener implements AutoCloseable {
  private static final int BACKLOG = 16;
  private static final String MODE = "rw-rw----";

  private final Fd fd;
  private final Path path;
  private final Object inode;
  private final Object accepting = new Object();
  private final AtomicBoolean closing = new AtomicBoolean();

  private UnixListener(Fd fd, Path path, Object inode) {
    this.fd = fd;
    this.path = path;
    this.inode = inode;
  }

  /// Listens at `path` with mode 0660. A socket that an earlier process left there is replaced; one
  /// on which somebody answers is not.
  ///
  /// The path can be connected to as soon as this returns, so call it when you are ready to answer.
  ///
  /// @throws LinuxException EADDRINUSE when somebody answers there or it is not a socket
  public static UnixListener listen(Path path) {
    String tried = "listen at " + path;
    removeStale(path, tried);
    Fd fd = UnixSocket.newSocket(tried);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = UnixSocket.address(arena, path);
      Linux.check(
          Linux.bind(fd.number(), address.address(), UnixSocket.addressBytes()), "bind", tried);
      // Between bind and listen nobody can connect, so nobody sees the wrong mode.
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(MODE));
      Object inode = inode(path);
      Linux.check(Linux.listen(fd.number(), BACKLOG), "listen", tried);
      return new UnixListener(fd, path, inode);
    } catch (IOException e) {
      fd.close();
      throw new UncheckedIOException(tried, e);
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private static void removeStale(Path path, String tried) {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      if ((mode & Sys.S_IFMT()) != Sys.S_IFSOCK()) {
        throw new LinuxException("bind", Sys.EADDRINUSE(), tried + " (there is no socket there)");
      }
      try (Fd probe = UnixSocket.newSocket(tried)) {
        int result = UnixSocket.connect(probe, path);
        if (result != -Sys.ECONNREFUSED() && result != -Sys.ENOENT()) {
          throw new LinuxException(
              "bind", Sys.EADDRINUSE(), tried + " (another process answers there)");
        }
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(tried, e);
    }
  }

  private static Object inode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  /// Waits for the next connection.
  ///
  /// @return the connection, null when this listener was closed
  /// @throws LinuxException for anything else, for instance EMFILE
  public @Nullable UnixSocket accept() {
    synchronized (accepting) {
      while (fd.isOpen()) {
        int result = Linux.accept(fd.number(), Sys.SOCK_CLOEXEC());
        if (result >= 0) {
          return new UnixSocket(new Fd(result));
        }
        // EINVAL is what close() makes of the wait: it shuts the socket down first.
        if (result == -Sys.EINVAL()) {
          return null;
        }
        if (result != -Sys.EINTR() && result != -Sys.ECONNABORTED()) {
          throw new LinuxException("accept4", -result, "accept at " + path);
        }
      }
      return null;
    }
  }

  /// Where it listens.
  public Path path() {
    return path;
  }

  /// Stops listening, wakes who sits in [#accept] and removes the path if it is still ours.
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    Linux.shutdown(fd.number(), Sys.SHUT_RDWR());
    try {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && inode.equals(inode(path))) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("remove " + path, e);
    } finally {
      // Not before accept() has returned: its number must not be another file's by then.
      synchronized (accepting) {
        fd.close();
      }
    }
  }
}
