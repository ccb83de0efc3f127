package braid.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a node is called if nobody says: the name of its host.
final class HostName {
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /// The host's name.
  ///
  /// @param field for the message when it has none that can be used
  static String get(Field field) {
    try {
      return field.name(Files.readString(KERNEL).strip());
    } catch (IOException | ConfigException e) {
      throw new ConfigException(
          field.where(),
          "the host's name cannot name the node (" + e.getMessage() + ")",
          "Give node");
    }
  }
}
