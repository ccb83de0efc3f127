package braid.vm;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs shell scripts in a guest, several at a time, and gives back their output and exit status.
/// The other half is the shell script `agent` of the guest, where the protocol is described.
///
/// Thread safe. Lines come in by [#take], from one reader thread.
public final class Agent {
  private static final Pattern LINE = Pattern.compile("^@([0-9]+)([:=])(.*)$");

  private final String name;
  private final OutputStream requests;
  private final AtomicInteger next = new AtomicInteger();
  private final Map<Integer, Call> calls = new ConcurrentHashMap<>();

  /// @param name of the guest, for messages
  /// @param requests where the guest's agent reads
  Agent(String name, OutputStream requests) {
    this.name = name;
    this.requests = requests;
  }

  /// What a script did.
  ///
  /// @param status its exit status
  /// @param lines its output and errors
  public record Result(int status, List<String> lines) {
    /// The output as one text.
    public String text() {
      return String.join("\n", lines);
    }
  }

  /// Looks at a line from the guest.
  ///
  /// @return true if it is an answer to one of this agent's requests
  boolean take(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return false;
    }
    Call call = calls.get(Integer.parseInt(matcher.group(1)));
    if (call == null) {
      return false;
    }
    if (matcher.group(2).equals(":")) {
      call.output.add(matcher.group(3));
    } else {
      call.end(matcher.group(3).isEmpty() ? -1 : Integer.parseInt(matcher.group(3)));
    }
    return true;
  }

  /// Runs a script to its end. The script ends when all processes that hold its output have ended:
  /// what is to stay in the background needs its output redirected.
  ///
  /// @param script for the guest's /bin/sh
  /// @param timeout after which a [TestbedException] tells what it said so far
  /// @return output and exit status, whatever it is
  public Result run(String script, Duration timeout) {
    return start(script).await(timeout);
  }

  /// As [#run], but an exit status other than 0 is an exception.
  ///
  /// @param script for the guest's /bin/sh
  /// @param timeout after which a [TestbedException] tells what it said so far
  /// @return its output as one text
  public String check(String script, Duration timeout) {
    Result result = run(script, timeout);
    if (result.status() != 0) {
      throw new TestbedException(
          "%s: '%s' failed with %d:%n%s".formatted(name, script, result.status(), result.text()));
    }
    return result.text();
  }

  /// Starts a script and does not wait.
  ///
  /// @param script for the guest's /bin/sh
  /// @return to follow its output and to wait for its end
  public Call start(String script) {
    int id = next.getAndIncrement();
    Call call = new Call(id, script);
    calls.put(id, call);
    String request =
        id + " " + Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8));
    try {
      synchronized (requests) {
        requests.write((request + "\n").getBytes(StandardCharsets.US_ASCII));
        requests.flush();
      }
    } catch (IOException e) {
      calls.remove(id);
      throw new TestbedException(name + ": its agent is gone, cannot run '" + script + "'", e);
    }
    return call;
  }

  /// A script under way.
  public final class Call {
    private final int id;
    private final String script;
    private final Console output;
    private int status;
    private boolean ended;

    private Call(int id, String script) {
      this.id = id;
      this.script = script;
      this.output = new Console(name + ": '" + script + "'");
    }

    /// Its output while it comes.
    public Console output() {
      return output;
    }

    private synchronized void end(int exitStatus) {
      status = exitStatus;
      ended = true;
      output.end();
      notifyAll();
    }

    /// Waits for its end.
    ///
    /// @param timeout after which a [TestbedException] tells what it said so far
    /// @return output and exit status
    public synchronized Result await(Duration timeout) {
      Deadline deadline = Deadline.in(timeout);
      while (!ended) {
        if (deadline.passed()) {
          throw new TestbedException(
              "%s: '%s' did not end within %d s; so far it said:%n%s"
                  .formatted(
                      name, script, timeout.toSeconds(), String.join("\n", output.tail(20))));
        }
        try {
          wait(deadline.millis());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new TestbedException("interrupted while waiting for '" + script + "'", e);
        }
      }
      calls.remove(id);
      List<String> lines = new ArrayList<>(output.lines());
      if (!lines.isEmpty() && lines.getLast().isEmpty()) {
        lines.removeLast();
      }
      return new Result(status, List.copyOf(lines));
    }
  }
}
