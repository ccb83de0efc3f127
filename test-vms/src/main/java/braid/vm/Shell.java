package braid.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/// A shell that stays, for short commands beside a measurement.
///
/// To start a program from a JVM costs milliseconds of a processor, in a namespace twice as many,
/// and a kernel that does not preempt itself lets nobody in between. A shell that is there already
/// sends a signal by itself and starts a program in less than one.
///
/// Thread safe; one command at a time.
final class Shell implements AutoCloseable {
  private static final String END = "@braid-end ";

  private final Process process;
  private final OutputStream in;
  private final BufferedReader out;

  private Shell(Process process) {
    this.process = process;
    this.in = process.getOutputStream();
    this.out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1));
  }

  /// Starts one.
  ///
  /// @param shell the command line of a POSIX shell that reads its commands from its input
  static Shell start(List<String> shell) {
    try {
      return new Shell(new ProcessBuilder(shell).redirectErrorStream(true).start());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + shell, e);
    }
  }

  /// Runs a command to its end.
  ///
  /// @param command program and arguments, or a command of the shell
  /// @return what it wrote, output and errors together
  /// @throws TestbedException if its exit status is not 0
  synchronized String run(List<String> command) {
    String line = command.stream().map(Shell::quoted).collect(Collectors.joining(" "));
    try {
      in.write(
          (line + " </dev/null; printf '\\n" + END + "%d\\n' $?\n")
              .getBytes(StandardCharsets.UTF_8));
      in.flush();
      StringJoiner said = new StringJoiner("\n");
      for (String next = out.readLine(); next != null; next = out.readLine()) {
        if (next.startsWith(END)) {
          int status = Integer.parseInt(next.substring(END.length()));
          if (status != 0) {
            throw new TestbedException(
                "'%s' failed with %d:%n%s".formatted(String.join(" ", command), status, said));
          }
          return said.toString();
        }
        said.add(next);
      }
      throw new TestbedException("the shell ended in '" + line + "':\n" + said);
    } catch (IOException e) {
      throw new UncheckedIOException("the shell is gone, cannot run '" + line + "'", e);
    }
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /// Ends it.
  @Override
  public void close() {
    process.destroy();
  }

  @Override
  public String toString() {
    return "shell " + process.pid();
  }
}
