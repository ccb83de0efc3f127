package braid.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A process that is driven over its standard input and watched over its output.
///
/// It runs in a session of its own: with `sched_autogroup_enabled` the scheduler shares the
/// processor between sessions, and `nice` has no effect across them. The session's group is raised,
/// so that a busy neighbour does not take half of a poller's core.
///
/// One controlling thread; a daemon thread collects the output.
final class Child implements AutoCloseable {
  private final String name;
  private final Process process;
  private final StringBuilder output = new StringBuilder();
  private int seen;
  private volatile boolean collecting = true;

  private Child(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  /// Starts `command` in a raised session.
  ///
  /// @param name for messages
  static Child start(String name, List<String> command) {
    List<String> raised = new ArrayList<>();
    raised.addAll(
        List.of(
            "setsid",
            "sh",
            "-c",
            "echo -20 >/proc/self/autogroup 2>/dev/null; exec \"$@\"",
            "braid-bench"));
    raised.addAll(command);
    try {
      Child child = new Child(name, new ProcessBuilder(raised).redirectErrorStream(true).start());
      Thread collector = new Thread(child::collect, name + "-output");
      collector.setDaemon(true);
      collector.start();
      return child;
    } catch (IOException e) {
      throw new IllegalStateException("cannot start " + name + " (" + command + ")", e);
    }
  }

  private void collect() {
    byte[] buffer = new byte[8192];
    try (InputStream in = process.getInputStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        synchronized (output) {
          output.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
          output.notifyAll();
        }
      }
    } catch (IOException e) {
      // The process ended; await() says so.
    } finally {
      collecting = false;
    }
  }

  /// Forgets what was printed so far and writes one line.
  void say(String line) {
    synchronized (output) {
      seen = output.length();
    }
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw dead("'" + line + "'", e);
    }
  }

  /// Waits for `pattern` in what was printed since the last match or [#say], and consumes it.
  Matcher await(Pattern pattern, int seconds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    synchronized (output) {
      while (true) {
        Matcher matcher = pattern.matcher(output.substring(seen));
        if (matcher.find()) {
          seen += matcher.end();
          return matcher;
        }
        boolean ended = !process.isAlive() && !collecting;
        long left = deadline - System.nanoTime();
        if (ended || left <= 0) {
          throw dead((ended ? "it ended before " : "waited in vain for ") + pattern, null);
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(output, Math.min(left, 100_000_000L));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw dead("interrupted", e);
        }
      }
    }
  }

  private IllegalStateException dead(String what, @Nullable Throwable t) {
    String all;
    synchronized (output) {
      all = output.substring(Math.max(0, output.length() - 2000));
    }
    return new IllegalStateException(name + ": " + what + "; its last output:\n" + all, t);
  }

  long pid() {
    return process.pid();
  }

  /// Binds the thread whose name (as the kernel shows it: at most 15 characters) matches to one
  /// processor.
  ///
  /// @return its thread id
  long pin(String thread, int cpu) {
    try (var tasks = Files.list(Path.of("/proc/" + pid() + "/task"))) {
      for (Path task : tasks.toList()) {
        if (Files.readString(task.resolve("comm")).strip().matches(thread)) {
          String tid = task.getFileName().toString();
          Process taskset =
              new ProcessBuilder("taskset", "-pc", Integer.toString(cpu), tid)
                  .redirectErrorStream(true)
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start();
          if (taskset.waitFor() != 0) {
            throw new IllegalStateException("taskset cannot bind " + tid + " to cpu " + cpu);
          }
          return Long.parseLong(tid);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    throw dead("no thread called " + thread, null);
  }

  /// Nanoseconds that thread `tid` has run.
  long runNanos(long tid) {
    try {
      String line = Files.readString(Path.of("/proc/" + pid() + "/task/" + tid + "/schedstat"));
      return Long.parseLong(line.substring(0, line.indexOf(' ')));
    } catch (IOException e) {
      throw dead("its poller has gone", e);
    }
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // It has gone already.
    }
    try {
      if (!process.waitFor(2, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
