package braid.kernel;

import braid.kernel.jextract.Sys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A Unix socket that waits for connections.
///
/// One thread accepts; any thread may [#close], which wakes it.
public final class UnixListener implements AutoCloseable {
  private static final int BACKLOG = 16;
  private static final String MODE = "rw-rw----";
  private static final int NAME_LEAST = 4;
  private static final int NAME_MOST = 8;

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
  /// The path can be connected to from the moment on which it is there, so call this when you are
  /// ready to answer.
  ///
  /// @throws LinuxException EADDRINUSE when somebody answers there or it is not a socket
  public static UnixListener listen(Path path) {
    String tried = "listen at " + path;
    removeStale(path, tried);
    Path unready = unready(path);
    Fd fd = UnixSocket.newSocket(tried);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment _ = UnixSocket.address(arena, path); // what is too long is said of this one
      MemorySegment address = UnixSocket.address(arena, unready);
      Linux.check(
          Linux.bind(fd.number(), address.address(), UnixSocket.addressBytes()), "bind", tried);
      Files.setPosixFilePermissions(unready, PosixFilePermissions.fromString(MODE));
      Linux.check(Linux.listen(fd.number(), BACKLOG), "listen", tried);
      // Whoever waits for the path to appear connects at once: it appears with all that it needs.
      Files.createLink(path, unready);
      return new UnixListener(fd, path, inode(path));
    } catch (FileAlreadyExistsException e) {
      fd.close();
      throw new LinuxException("bind", Sys.EADDRINUSE(), tried + " (another process was quicker)");
    } catch (IOException e) {
      fd.close();
      throw new UncheckedIOException(tried, e);
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    } finally {
      forget(unready, tried);
    }
  }

  /// A name beside `path`, no longer than that where it can be: the kernel limits the length of
  /// all.
  private static Path unready(Path path) {
    Path last = path.getFileName();
    int length = Math.clamp(String.valueOf(last).length() - 1, NAME_LEAST, NAME_MOST);
    StringBuilder name = new StringBuilder(".");
    ThreadLocalRandom.current()
        .ints(length, 'a', 'z' + 1)
        .forEach(letter -> name.append((char) letter));
    return path.resolveSibling(name.toString());
  }

  private static void forget(Path unready, String tried) {
    try {
      Files.deleteIfExists(unready);
    } catch (IOException e) {
      throw new UncheckedIOException(tried, e);
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
    try {
      // The path first: where nobody accepts, nobody shall knock.
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && inode.equals(inode(path))) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("remove " + path, e);
    } finally {
      Linux.shutdown(fd.number(), Sys.SHUT_RDWR());
      // Not before accept() has returned: its number must not be another file's by then.
      synchronized (accepting) {
        fd.close();
      }
    }
  }
}
