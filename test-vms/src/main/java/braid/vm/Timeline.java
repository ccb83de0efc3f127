package braid.vm;

import java.io.PrintStream;
import java.util.Locale;

/// What happens, as it happens, with the seconds since the beginning. One thread.
final class Timeline {
  private final PrintStream out;
  private final long began = System.nanoTime();

  /// A timeline that begins now.
  Timeline(PrintStream out) {
    this.out = out;
  }

  /// One line.
  ///
  /// @param who  the part it is about
  /// @param what happened
  void say(String who, String what) {
    out.printf(Locale.ROOT, "[%8.3f] %-8s %s%n", (System.nanoTime() - began) / 1e9, who, what);
    out.flush();
  }
}
