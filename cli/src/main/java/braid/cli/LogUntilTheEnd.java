package braid.cli;

import java.util.logging.LogManager;

/// A log manager that still writes while the process goes down: the JDK's own closes all handlers
/// in a shutdown hook, beside
/// ours, and the last lines, which tell how it ended, would be lost.
public final class LogUntilTheEnd extends LogManager {
  /// Made by the JDK, by name.
  public LogUntilTheEnd() {}

  @Override
  public void reset() {
    // Handlers write to stderr and hold nothing that needs closing.
  }
}
