package braid.vm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a process or a guest's serial console said, line by line. Filled by one reader thread, read
/// by any; keeps the last [#LINES_MAX] lines at least.
public final class Console {
  /// How many of the latest lines are kept for sure.
  public static final int LINES_MAX = 50_000;

  private final String name;
  private final List<String> lines = new ArrayList<>();
  private int dropped;
  private boolean ended;

  /// An empty console.
  ///
  /// @param name for error messages: whose console this is
  public Console(String name) {
    this.name = name;
  }

  synchronized void add(String line) {
    if (lines.size() >= 2 * LINES_MAX) {
      lines.subList(0, LINES_MAX).clear();
      dropped += LINES_MAX;
    }
    lines.add(line);
    notifyAll();
  }

  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /// The number of lines so far: a mark for [#awaitAfter].
  public synchronized int mark() {
    return dropped + lines.size();
  }

  /// Waits for a line, said already or yet to come.
  ///
  /// @param pattern to be found anywhere in the line
  /// @param timeout after which a [TestbedException] tells the last lines
  /// @return the match; the whole line is its `Matcher`'s input
  public Matcher await(Pattern pattern, Duration timeout) {
    return awaitAfter(0, pattern, timeout);
  }

  /// As [#await], but looks only at lines after a mark.
  ///
  /// @param mark from [#mark]
  /// @param pattern to be found anywhere in the line
  /// @param timeout after which a [TestbedException] tells the last lines
  /// @return the match
  public synchronized Matcher awaitAfter(int mark, Pattern pattern, Duration timeout) {
    Deadline deadline = Deadline.in(timeout);
    int next = mark;
    while (true) {
      for (; next < dropped + lines.size(); next++) {
        if (next < dropped) {
          next = dropped;
        }
        Matcher matcher = pattern.matcher(lines.get(next - dropped));
        if (matcher.find()) {
          return matcher;
        }
      }
      if (ended || deadline.passed()) {
        throw new TestbedException(
            "%s: no line like '%s' %s; it said last:%n%s"
                .formatted(
                    name,
                    pattern,
                    ended ? "before it ended" : "within " + timeout.toSeconds() + " s",
                    String.join("\n", tail(20))));
      }
      try {
        wait(deadline.millis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TestbedException("interrupted while waiting for " + name, e);
      }
    }
  }

  /// The last lines.
  ///
  /// @param count how many at most
  /// @return a copy
  public synchronized List<String> tail(int count) {
    return List.copyOf(lines.subList(Math.max(0, lines.size() - count), lines.size()));
  }

  /// All lines that are kept.
  ///
  /// @return a copy
  public synchronized List<String> lines() {
    return List.copyOf(lines);
  }
}
