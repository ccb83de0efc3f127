package braid.vm;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A process that the testbed started: its output goes to a log file and to a [Console]; it is
/// ended by its own id and by nothing else.
///
/// Inside `ip netns exec` the program replaces `ip`, so the id is the program's.
public final class Child implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final String name;
  private final Process process;
  private final Path log;
  private final Console console;
  private final Thread reader;
  private final Shell shell;

  /// @param divert takes lines that are not for the console and says so by true
  /// @param shell  sends signals
  Child(String name, Process process, Path log, Predicate<String> divert, Shell shell) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.shell = shell;
    this.console = new Console(name);
    this.reader =
        Thread.ofPlatform().daemon().name("output of " + name).unstarted(() -> read(divert));
    reader.start();
  }

  private void read(Predicate<String> divert) {
    try (BufferedReader in =
            new BufferedReader(
                new java.io.InputStreamReader(
                    process.getInputStream(), StandardCharsets.ISO_8859_1));
        BufferedWriter out = Files.newBufferedWriter(log, StandardCharsets.ISO_8859_1)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.write(line);
        out.newLine();
        out.flush();
        if (!divert.test(line)) {
          console.add(line);
        }
      }
    } catch (IOException e) {
      console.add("[output of " + name + " lost: " + e + "]");
    } finally {
      console.end();
    }
  }

  /// The name given at the start.
  public String name() {
    return name;
  }

  /// The process id.
  public long pid() {
    return process.pid();
  }

  /// The file with all that it said.
  public Path log() {
    return log;
  }

  /// All that it says, line by line.
  public Console console() {
    return console;
  }

  /// Its standard input.
  public OutputStream input() {
    return process.getOutputStream();
  }

  /// True as long as it runs.
  public boolean alive() {
    return process.isAlive();
  }

  /// Waits for its end.
  ///
  /// @param timeout after which a [TestbedException] tells its last lines
  /// @return the exit status; 128 + n after signal n
  public int awaitExit(Duration timeout) {
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TestbedException(
            "%s (pid %d) still runs after %d s; it said last:%n%s"
                .formatted(name, pid(), timeout.toSeconds(), String.join("\n", console.tail(20))));
      }
      reader.join(1000);
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestbedException("interrupted while waiting for " + name, e);
    }
  }

  /// Sends a signal that Java has no call for.
  ///
  /// @param signal its name without SIG: STOP, CONT, USR1, HUP
  /// @throws TestbedException if the process is gone
  public void signal(String signal) {
    shell.run(List.of("kill", "-" + signal, Long.toString(pid())));
  }

  /// SIGKILL, at once; returns when the process is gone.
  public void kill() {
    process.destroyForcibly();
    awaitExit(GRACE);
  }

  /// SIGTERM, and SIGKILL to it and all its descendants if that is not heard within 5 seconds.
  ///
  /// @return the exit status
  public int stop() {
    return stop(GRACE);
  }

  /// As [#stop()], with a grace time of one's own.
  ///
  /// @param grace time between SIGTERM and SIGKILL
  /// @return the exit status
  public int stop(Duration grace) {
    List<ProcessHandle> family = process.descendants().toList();
    // Not Process.destroy(): that one closes the output, and last words are lost.
    process.toHandle().destroy();
    try {
      if (!process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
    family.stream().filter(ProcessHandle::isAlive).forEach(ProcessHandle::destroyForcibly);
    int status = awaitExit(GRACE);
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // Its reader is gone, which is what was wanted.
    }
    return status;
  }

  /// [#stop()], if it still runs.
  @Override
  public void close() {
    if (process.isAlive()) {
      stop();
    }
  }

  static Child start(
      String name, ProcessBuilder builder, Path log, Predicate<String> divert, Shell shell) {
    try {
      return new Child(name, builder.redirectErrorStream(true).start(), log, divert, shell);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name + ": " + builder.command(), e);
    }
  }
}
