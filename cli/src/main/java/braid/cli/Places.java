package braid.cli;

import java.util.HashMap;
import java.util.Map;

/// Where each configured thing was written, for messages about how things go together.
final class Places {
  private final String whole;
  private final Map<String, String> things = new HashMap<>();

  /// @param whole the file, or "command line"
  Places(String whole) {
    this.whole = whole;
  }

  /// Remembers where a thing, as in "nic a0", was written; the last place of that name.
  void put(String thing, String where) {
    things.put(thing, where);
  }

  /// Where a thing was written.
  String of(String thing) {
    return things.getOrDefault(thing, whole);
  }

  /// The file, or "command line".
  String whole() {
    return whole;
  }
}
