package braid.cli;

/// SIGTERM and SIGINT: the main thread takes everything down in its own order, then the process
/// ends.
final class Shutdown {
  private static final long PATIENCE_MS = 10_000;

  private Shutdown() {}

  /// On a signal runs `signal`, which makes the calling thread leave its wait, and lets that thread
  /// end before the JVM does.
  static void finishThisThreadFirst(Runnable signal) {
    Thread main = Thread.currentThread();
    Thread hook =
        new Thread(
            () -> {
              signal.run();
              try {
                main.join(PATIENCE_MS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "braid-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
  }
}
