package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;

/// Keeps a connection open on which nothing is said, so that its end tells the peer that this
/// process was killed: at once, where other sockets wait until the process's memory is gone (why,
/// see [Outpost]).
///
/// A thread with a table of descriptors of its own holds it. When the peer closes its side, or says
/// anything, the thread closes it and ends.
public final class KeptConnection {
  private final int connection;
  private final CountDownLatch separate = new CountDownLatch(1);
  private boolean refused;

  private KeptConnection(int connection) {
    this.connection = connection;
  }

  /// Keeps the connection of `descriptor` from now on. The caller closes its own descriptor, which
  /// ends nothing any more.
  ///
  /// @param name of the thread
  /// @return false where the kernel refuses: nothing is kept
  public static boolean keep(int descriptor, String name) {
    KeptConnection kept = new KeptConnection(descriptor);
    Thread.ofPlatform().daemon().name(name).start(kept::run);
    return kept.awaitSeparate();
  }

  private boolean awaitSeparate() {
    try {
      separate.await();
      return !refused;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void run() {
    refused = LinuxThread.ownDescriptors() < 0;
    separate.countDown();
    if (refused) {
      return;
    }
    LinuxThread.closeOthers(connection);
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
