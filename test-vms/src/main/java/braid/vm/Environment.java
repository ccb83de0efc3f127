package braid.vm;

import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a figure was measured on.
public final class Environment {
  private Environment() {}

  /// Processors, kernel, Java, load average of now.
  public static JsonObject describe() {
    return new JsonObject()
        .add("processors", Runtime.getRuntime().availableProcessors())
        .add("cpu", line("/proc/cpuinfo", "model name"))
        .add("kernel", System.getProperty("os.version"))
        .add("java", System.getProperty("java.vm.version"))
        .add("load_average", load())
        .add("date", java.time.LocalDate.now(java.time.ZoneOffset.UTC).toString());
  }

  /// The load average of the last minute, as the kernel prints it.
  public static String load() {
    return line("/proc/loadavg", "").split(" ", 2)[0];
  }

  private static String line(String file, String start) {
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(l -> l.startsWith(start))
          .findFirst()
          .map(l -> l.substring(l.indexOf(':') + 1).trim())
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
