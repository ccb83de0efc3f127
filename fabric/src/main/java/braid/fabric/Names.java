package braid.fabric;

import java.nio.charset.StandardCharsets;

/// What may be the name of a node, a NIC or a user: it goes into logs, metrics and records of the
/// peer's.
final class Names {
  /// Most bytes of a name in UTF-8.
  static final int BYTES_MAX = 128;

  private Names() {}

  /// True for 1 to [#BYTES_MAX] bytes without control characters.
  static boolean valid(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    return bytes > 0
        && bytes <= BYTES_MAX
        && name.chars().noneMatch(c -> Character.isISOControl(c) || c == '\uFFFD');
  }

  /// Refuses what is no name.
  ///
  /// @param what whose name, for the message
  static void check(String what, String name) {
    if (!valid(name)) {
      throw new IllegalArgumentException(
          what + " name '" + name + "': use 1 to " + BYTES_MAX + " bytes, no control characters");
    }
  }
}
