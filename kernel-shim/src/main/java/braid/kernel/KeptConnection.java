package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Keeps a connection open on which nothing is said, so that its end tells the peer that this
/// process was killed: at once, where other sockets wait until the process's memory is gone (why,
/// see [Outpost]).
///
/// A thread with a table of descriptors of its own holds it. When the peer closes its side, or says
/// anything, the thread closes it and ends.
public final class KeptConnection {
  private KeptConnection() {}

  /// Keeps the connection of `descriptor` from now on. The caller closes its own descriptor, which
  /// ends nothing any more.
  ///
  /// @param name of the thread
  /// @return false where the kernel refuses: nothing is kept
  public static boolean keep(int descriptor, String name) {
    return OwnTable.start(name, () -> holdOn(descriptor), descriptor);
  }

  private static void holdOn(int connection) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment wait = pollfd.allocate(arena);
      pollfd.fd(wait, connection);
      pollfd.events(wait, (short) Sys.POLLIN());
      int ready;
      do {
        ready = Linux.poll(wait.address(), 1, -1);
      } while (ready == -Sys.EINTR());
    }
    Linux.close(connection);
  }
}
