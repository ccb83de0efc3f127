package braid.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads typed values out of the keys of one configured thing, whether they came from an option or
/// from YAML, so that both
/// have the same checks and the same words.
///
/// @param what   the thing, as in "nic a0"
/// @param where  where its text is
/// @param values key to text; keys of YAML carry their own line in `lines`
/// @param lines  key to place, for messages; may lack a key
record Field(String what, String where, Map<String, String> values, Map<String, String> lines) {

  /// Refuses keys that are not among `known`, with the nearest known one.
  Field only(List<String> known) {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw new ConfigException(
            at(key), "unknown key '" + key + "' for " + what, didYouMean(key, known));
      }
    }
    return this;
  }

  /// The text of `key`, or null when it is not given.
  @Nullable String text(String key) {
    String value = values.get(key);
    if (value != null && value.isBlank()) {
      throw new ConfigException(
          at(key), "key '" + key + "' of " + what + " is empty", "Give a value or leave it out");
    }
    return value;
  }

  /// The text of `key`, or `otherwise`.
  String text(String key, String otherwise) {
    String value = text(key);
    return value == null ? otherwise : value;
  }

  /// The text of `key`, which must be there.
  String required(String key, String example) {
    String value = text(key);
    if (value == null) {
      throw new ConfigException(
          where, what + " lacks '" + key + "'", "For instance " + key + "=" + example);
    }
    return value;
  }

  /// A whole number in a range, or `otherwise`.
  int number(String key, int min, int max, int otherwise) {
    String value = text(key);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the range.
    }
    throw new ConfigException(
        at(key),
        "'" + key + "' of " + what + " is '" + value + "'",
        "Give a whole number from " + min + " to " + max);
  }

  /// One of the constants of an enum, by its lower-case name.
  <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    String value = text(key);
    if (value == null) {
      return otherwise;
    }
    List<String> names =
        List.of(type.getEnumConstants()).stream()
            .map(c -> c.name().toLowerCase(Locale.ROOT))
            .toList();
    int at = names.indexOf(value);
    if (at < 0) {
      throw new ConfigException(
          at(key),
          "'" + key + "' of " + what + " is '" + value + "'",
          "Choose one of " + String.join(", ", names));
    }
    return type.getEnumConstants()[at];
  }

  /// A unicast MAC address as the low 48 bits, or `otherwise`.
  long mac(String key, long otherwise) {
    String value = text(key);
    if (value == null) {
      return otherwise;
    }
    if (value.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
      long mac = Long.parseLong(value.replace(":", ""), 16);
      if (mac != 0 && (mac >> 40 & 1) == 0) {
        return mac;
      }
    }
    throw new ConfigException(
        at(key),
        "'" + key + "' of " + what + " is '" + value + "'",
        "Give a unicast MAC address such as 02:00:00:00:00:01");
  }

  /// Where `key` stands.
  String at(String key) {
    return lines.getOrDefault(key, where);
  }

  /// The remedy for an unknown word: the nearest known one and the whole list.
  static String didYouMean(String word, List<String> known) {
    String best = "";
    int bestDistance = 4;
    for (String candidate : known) {
      int distance = distance(word.toLowerCase(Locale.ROOT), candidate);
      if (distance < bestDistance) {
        bestDistance = distance;
        best = candidate;
      }
    }
    String list = "Known: " + String.join(", ", known);
    return best.isEmpty() ? list : "Did you mean '" + best + "'? " + list;
  }

  /// Letters to change, add or remove between two words (Levenshtein).
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j - 1], row[j]) + 1);
      }
    }
    return row[b.length()];
  }
}
