package braid.host;

import braid.port.Clock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// A log that a peer cannot fill: a few lines a second, then a line that says how many were left
/// out. Any thread.
final class LimitedLog {
  private static final int LINES_MAX = 5;
  private static final long WINDOW_NANOS = 1_000_000_000;

  private final Logger log;
  private final Clock clock;
  private final String prefix;
  private long windowStart;
  private int lines;
  private long left;

  LimitedLog(Logger log, Clock clock, String prefix) {
    this.log = log;
    this.clock = clock;
    this.prefix = prefix;
    this.windowStart = clock.nanos();
  }

  /// Writes a line, if there were not too many.
  synchronized void line(Level level, String text) {
    long now = clock.nanos();
    if (now - windowStart >= WINDOW_NANOS) {
      windowStart = now;
      lines = 0;
      if (left > 0) {
        log.log(Level.WARNING, prefix + left + " lines left out");
        left = 0;
      }
    }
    if (lines == LINES_MAX) {
      left++;
      return;
    }
    lines++;
    log.log(level, prefix + text);
  }
}
