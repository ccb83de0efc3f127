package braid.fabric.directory;

import braid.port.Clock;
import java.time.Duration;

/// Warnings that a stranger can cause, one in ten seconds: the next says how many were left out.
/// Any thread.
final class LimitedLog {
  private static final Duration GAP = Duration.ofSeconds(10);

  private final System.Logger log;
  private final Clock clock;
  private boolean told;
  private long toldAt;
  private long untold;

  LimitedLog(System.Logger log, Clock clock) {
    this.log = log;
    this.clock = clock;
  }

  void warning(String text) {
    long skipped;
    synchronized (this) {
      long now = clock.nanos();
      if (told && now - toldAt < GAP.toNanos()) {
        untold++;
        return;
      }
      told = true;
      toldAt = now;
      skipped = untold;
      untold = 0;
    }
    log.log(
        System.Logger.Level.WARNING,
        skipped == 0 ? text : text + " (and " + skipped + " lines more since the last)");
  }
}
