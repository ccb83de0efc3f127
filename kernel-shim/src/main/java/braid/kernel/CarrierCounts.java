package braid.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// How often interfaces have lost or found their carrier, as sysfs counts it.
///
/// The count moves in the moment in which the driver sees it, while the kernel holds back the
/// report (rtnetlink) if another interface's was less than a second ago: of two NICs on one switch
/// that dies the second would be told up to a second late. Reading the count takes no lock of the
/// kernel's and one system call.
///
/// One thread.
final class CarrierCounts implements AutoCloseable {
  private static final Path INTERFACES = Path.of("/sys/class/net");
  private static final long UNKNOWN = -1;

  private static final class Count {
    final FileChannel file;
    long value = UNKNOWN;

    Count(FileChannel file) {
      this.file = file;
    }
  }

  private final Map<String, Count> counts = new HashMap<>();

  /// A count and its newline.
  private final ByteBuffer text = ByteBuffer.allocateDirect(24);

  /// Counts for these interfaces from now on, as far as they are there; to be called again for
  /// those that may have come.
  void follow(Set<String> names) {
    counts
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !names.contains(entry.getKey());
              if (gone) {
                close(entry.getValue());
              }
              return gone;
            });
    for (String name : names) {
      if (!counts.containsKey(name)) {
        try {
          Path file = INTERFACES.resolve(name).resolve("carrier_changes");
          counts.put(name, new Count(FileChannel.open(file, StandardOpenOption.READ)));
        } catch (IOException _) {
          // Not there yet, or sysfs is of another network namespace: reports alone, then.
        }
      }
    }
  }

  boolean isEmpty() {
    return counts.isEmpty();
  }

  /// Looks at all of them.
  ///
  /// @param changed gets the name of each whose count is another than at the last look, and at the
  ///                first one
  void look(Consumer<String> changed) {
    counts
        .entrySet()
        .removeIf(
            entry -> {
              Count count = entry.getValue();
              try {
                long now = read(count.file);
                if (now != count.value) {
                  count.value = now;
                  changed.accept(entry.getKey());
                }
                return false;
              } catch (IOException _) {
                // The interface is gone.
                close(count);
                return true;
              }
            });
  }

  private long read(FileChannel file) throws IOException {
    text.clear();
    int bytes = file.read(text, 0);
    long value = 0;
    for (int i = 0; i < bytes && text.get(i) >= '0' && text.get(i) <= '9'; i++) {
      value = value * 10 + text.get(i) - '0';
    }
    return value;
  }

  private static void close(Count count) {
    try {
      count.file.close();
    } catch (IOException _) {
      // Nothing was written.
    }
  }

  @Override
  public void close() {
    counts.values().forEach(CarrierCounts::close);
    counts.clear();
  }
}
