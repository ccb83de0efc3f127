package braid.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The line rate of an interface, as its driver says.
final class Speeds {
  private static final Path INTERFACES = Path.of("/sys/class/net");

  private Speeds() {}

  /// Mbit/s, 0 when the driver does not know or the interface is down. May wait for the kernel's
  /// configuration lock.
  static int of(String networkDevice) {
    try {
      String text = Files.readString(INTERFACES.resolve(networkDevice).resolve("speed")).strip();
      return Math.max(0, Integer.parseInt(text));
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }
}
