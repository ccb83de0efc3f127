package braid.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// Runs the programs that real tests set their world up with; one that is missing fails the test
/// with the remedy.
final class Shell {
  private Shell() {}

  /// Runs a command of words without spaces in them; it must end with 0 within 30 seconds.
  static String run(String command) {
    try {
      Process process =
          new ProcessBuilder(command.split(" ", -1)).redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " does not end");
      }
      if (process.exitValue() != 0) {
        throw new AssertionError(command + " ended with " + process.exitValue() + ": " + out);
      }
      return out;
    } catch (IOException e) {
      throw new AssertionError(
          "needs root and: apt-get install iproute2 gcc libc6-dev linux-libc-dev", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
