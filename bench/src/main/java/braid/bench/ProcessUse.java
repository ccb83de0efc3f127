package braid.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a process uses, as the kernel counts it.
///
/// @param pid of the process
record ProcessUse(long pid) {
  private static final double KIBIBYTES_PER_MEBIBYTE = 1024;

  /// User and system time of all threads; ticks are 10 ms on every Linux that Java runs on.
  long processorMillis() throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return 10 * (Long.parseLong(fields[11]) + Long.parseLong(fields[12]));
  }

  /// All of its memory, MiB.
  double residentMebibytes() throws IOException {
    return status("VmRSS");
  }

  /// Its memory without what it shares with others, as guests' memory is: MiB.
  double ownMebibytes() throws IOException {
    return status("RssAnon") + status("RssFile");
  }

  private double status(String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith(name + ":")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / KIBIBYTES_PER_MEBIBYTE;
      }
    }
    throw new IllegalStateException("no " + name + " of process " + pid);
  }
}
