package braid.kernel;

import java.util.concurrent.CountDownLatch;

/// Threads with a table of file descriptors of their own, for [Outpost] and [KeptConnection].
final class OwnTable {
  private OwnTable() {}

  /// Starts a daemon thread that has copies of the descriptors `kept` and of regular files, and
  /// nothing else of the process's. Returns when the copies are made: the process may close its
  /// own.
  ///
  /// @param name of the thread
  /// @param work what it does; the copies are its own to close
  /// @return false where the kernel refuses: then nothing runs and nothing is kept
  static boolean start(String name, Runnable work, int... kept) {
    CountDownLatch answered = new CountDownLatch(1);
    boolean[] separate = {false};
    Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(
            () -> {
              separate[0] = LinuxThread.ownDescriptors() >= 0;
              answered.countDown();
              if (separate[0]) {
                LinuxThread.closeOthers(kept);
                // It sleeps; but of all threads of a killed process it must be the first to end.
                boolean _ = Urgency.raise();
                work.run();
              }
            });
    await(answered);
    return separate[0];
  }

  /// Whatever interrupts: who asked must know whether a copy is out.
  private static void await(CountDownLatch answered) {
    boolean interrupted = false;
    while (true) {
      try {
        answered.await();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
