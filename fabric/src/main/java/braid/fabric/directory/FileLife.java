package braid.fabric.directory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A file that is locked as long as its holder lives: the kernel takes the lock away with the
/// process, however it ends, so "who holds it is alive" needs no time-out and no process id.
///
/// **Theory of operation**. Byte 0 says who holds the file: only one that wants to hold it asks for
/// it, so a refusal means a holder and never a passer-by. Byte 1 says that the holder lives:
/// whoever wants to know asks for a shared lock on it, and gets it only when the holder is gone; a
/// new holder waits the moment that such askers need.
///
/// POSIX locks (fcntl(2)) belong to the process, and go when it closes *any* descriptor of the
/// file. So a process must never open a file that it holds: [#HELD] lists those, and answers for
/// them.
///
/// Any thread.
final class FileLife implements AutoCloseable {
  /// What this process holds, by absolute path.
  private static final Map<Path, FileLife> HELD = new ConcurrentHashMap<>();

  private static final long HOLDER = 0;
  private static final long LIFE = 1;

  private final Path file;
  private final FileChannel channel;

  private FileLife(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /// Holds a file, making it if need be.
  ///
  /// @return null when another one holds it, in this process or in any other
  static @Nullable FileLife hold(Path path) throws IOException {
    Path file = path.toAbsolutePath().normalize();
    synchronized (HELD) {
      if (HELD.containsKey(file)) {
        return null;
      }
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock(HOLDER, 1, false) == null) {
          channel.close();
          return null;
        }
        channel.lock(LIFE, 1, false);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      FileLife life = new FileLife(file, channel);
      HELD.put(file, life);
      return life;
    }
  }

  /// Whether anybody holds the file now.
  static boolean held(Path path) throws IOException {
    Path file = path.toAbsolutePath().normalize();
    synchronized (HELD) {
      if (HELD.containsKey(file)) {
        return true;
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
          FileLock free = channel.tryLock(LIFE, 1, true)) {
        return free == null;
      } catch (NoSuchFileException _) {
        return false;
      }
    }
  }

  /// Ends this life; others may hold the file now. The file stays: taking it away would let two
  /// hold "the same" file.
  @Override
  public void close() {
    synchronized (HELD) {
      if (!HELD.remove(file, this)) {
        return;
      }
      try {
        channel.close();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
