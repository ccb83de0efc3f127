package braid.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Raises the scheduler group of this session for the run: a driver that waits for a processor
/// behind the pollers it started takes its samples late.
final class OwnPriority implements AutoCloseable {
  private static final Path GROUP = Path.of("/proc/self/autogroup");

  /// Raises it; a system without autogroups needs nothing.
  OwnPriority() {
    set("-20");
  }

  private static void set(String nice) {
    if (Files.isWritable(GROUP)) {
      try {
        Files.writeString(GROUP, nice);
      } catch (IOException e) {
        System.err.println("cannot set " + GROUP + " to " + nice + ": " + e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    set("0");
  }
}
