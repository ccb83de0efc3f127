package braid.cli;

import java.util.List;
import java.util.Map;

/// One configured value as it was written, with its place for messages: what YAML and options have
/// in common before anybody looks at the meaning.
sealed interface Value {
  /// File and line, or the option as it was given.
  String where();

  /// A single word or number.
  record Text(String text, String where) implements Value {}

  /// A list of them.
  record Items(List<Text> items, String where) implements Value {
    /// Takes a copy.
    public Items {
      items = List.copyOf(items);
    }
  }

  /// Names with a value each.
  record Pairs(Map<String, Text> pairs, String where) implements Value {}
}
