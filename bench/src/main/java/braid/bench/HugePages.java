package braid.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Huge pages of 2 MiB, taken for the run and given back.
final class HugePages implements AutoCloseable {
  private static final Path COUNT = Path.of("/proc/sys/vm/nr_hugepages");

  private static final Path COMPACT = Path.of("/proc/sys/vm/compact_memory");
  private static final int ATTEMPTS = 3;

  private final int before;

  /// Sees to it that `pages` are free.
  HugePages(int pages) {
    try {
      before = Integer.parseInt(Files.readString(COUNT).strip());
      int missing = pages - free();
      if (missing > 0) {
        // What the kernel cannot give at once it often can after it has moved pages together.
        for (int attempt = 0; attempt < ATTEMPTS && free() < pages; attempt++) {
          if (attempt > 0) {
            Files.writeString(COMPACT, "1");
          }
          Files.writeString(COUNT, Integer.toString(before + missing));
        }
        if (free() < pages) {
          int got = free();
          Files.writeString(COUNT, Integer.toString(before));
          throw new IllegalStateException(
              "needs " + pages + " huge pages of 2 MiB and got " + got + "; free some memory");
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot set " + COUNT + ": run as root", e);
    }
  }

  private static int free() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("HugePages_Free:")) {
        return Integer.parseInt(line.substring(15).strip());
      }
    }
    return 0;
  }

  @Override
  public void close() {
    try {
      Files.writeString(COUNT, Integer.toString(before));
    } catch (IOException e) {
      System.err.println("cannot restore " + COUNT + " to " + before + ": " + e.getMessage());
    }
  }
}
