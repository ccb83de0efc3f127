package braid.cli;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads typed values out of the keys of one configured thing, whether they came from an option or
/// from YAML, so that both have the same checks and the same words.
///
/// @param what   the thing, as in "nic a0"
/// @param where  where its text is
/// @param values key to value, each with its own place
record Field(String what, String where, Map<String, Value> values) {
  private static final int INTERFACE_NAME_MAX = 15;
  private static final int SOCKET_PATH_MAX = 107;
  private static final int NAME_MAX = 63;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
  private static final Pattern INTERFACE = Pattern.compile("[^\\s/:,=+]+");
  private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
  private static final Pattern DURATION =
      Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,6})?)(us|ms|s)?");

  /// Something is wrong with `key`.
  ConfigException wrong(String key, String problem, String remedy) {
    return new ConfigException(at(key), problem, remedy);
  }

  private ConfigException bad(String key, String value, String remedy) {
    return wrong(key, "'" + key + "' of " + what + " is '" + value + "'", remedy);
  }

  /// Refuses keys that are not among `known`, with the nearest known one.
  Field only(List<String> known) {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw wrong(key, "unknown key '" + key + "' for " + what, Words.didYouMean(key, known));
      }
    }
    return this;
  }

  /// `key` is given.
  boolean has(String key) {
    return values.containsKey(key);
  }

  /// Where `key` stands.
  String at(String key) {
    Value value = values.get(key);
    return value == null ? where : value.where();
  }

  /// The text of `key`, or null when it is not given.
  @Nullable String text(String key) {
    Value value = values.get(key);
    return switch (value) {
      case null -> null;
      case Value.Text text -> {
        if (text.text().isBlank()) {
          throw wrong(
              key, "key '" + key + "' of " + what + " is empty", "Give a value or leave it out");
        }
        yield text.text();
      }
      case Value.Items _, Value.Pairs _ ->
          throw wrong(key, key + " should be a single value", "Write KEY: VALUE");
    };
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
      throw lacks(key, example);
    }
    return value;
  }

  /// `key` must be there and is not.
  ConfigException lacks(String key, String example) {
    return new ConfigException(
        where, what + " lacks '" + key + "'", "For instance " + key + "=" + example);
  }

  /// A whole number in a range, or `otherwise`.
  int number(String key, int min, int max, int otherwise) {
    String value = text(key);
    return value == null ? otherwise : wholeNumber(key, value, min, max);
  }

  private int wholeNumber(String key, String value, int min, int max) {
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the range.
    }
    throw bad(key, value, "Give a whole number from " + min + " to " + max);
  }

  /// Yes or no, or `otherwise`.
  boolean flag(String key, boolean otherwise) {
    String value = text(key);
    return switch (value) {
      case null -> otherwise;
      case "true", "on", "yes" -> true;
      case "false", "off", "no" -> false;
      default -> throw bad(key, value, "Give on or off");
    };
  }

  /// A duration in nanoseconds, or `otherwise`. Without a unit it is milliseconds.
  long duration(String key, long minNanos, long maxNanos, long otherwise) {
    String value = text(key);
    if (value == null) {
      return otherwise;
    }
    Matcher parts = DURATION.matcher(value);
    if (parts.matches()) {
      String unit = parts.group(2);
      long nanos =
          new BigDecimal(parts.group(1))
              .multiply(
                  BigDecimal.valueOf(
                      "us".equals(unit) ? 1_000 : "s".equals(unit) ? 1_000_000_000 : 1_000_000))
              .setScale(0, RoundingMode.HALF_UP)
              .longValueExact();
      if (nanos >= minNanos && nanos <= maxNanos) {
        return nanos;
      }
    }
    throw bad(
        key,
        value,
        "Give "
            + span(minNanos)
            + " to "
            + span(maxNanos)
            + ", in us, ms (also without a unit) or s");
  }

  /// A duration as it may be written.
  static String span(long nanos) {
    return nanos == 0
        ? "0"
        : nanos % 1_000_000_000 == 0
            ? nanos / 1_000_000_000 + "s"
            : nanos % 1_000_000 == 0 ? nanos / 1_000_000 + "ms" : nanos / 1_000 + "us";
  }

  /// One of the constants of an enum, by its name in lower case with '-' for '_'.
  <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    return choice(key, List.of(type.getEnumConstants()), Field::word, otherwise);
  }

  /// One of `constants`, by the word that `name` gives it.
  <E> E choice(String key, List<E> constants, Function<E, String> name, E otherwise) {
    String value = text(key);
    if (value == null) {
      return otherwise;
    }
    for (E constant : constants) {
      if (name.apply(constant).equals(value)) {
        return constant;
      }
    }
    throw bad(
        key, value, "Choose one of " + String.join(", ", constants.stream().map(name).toList()));
  }

  /// An enum's constant as configuration and output spell it.
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// A list: YAML's, a single value, or an option's words with '+' between them. Empty when it is
  /// not given.
  List<String> items(String key) {
    Value value = values.get(key);
    List<String> items =
        switch (value) {
          case null -> List.of();
          case Value.Items list -> list.items().stream().map(Value.Text::text).toList();
          case Value.Text _ -> List.of(text(key, "").split("\\+", -1));
          case Value.Pairs _ ->
              throw wrong(key, key + " should be a list", "Write " + key + ": [ONE, TWO, ...]");
        };
    List<String> seen = new ArrayList<>();
    for (String item : items) {
      if (item.isBlank()) {
        throw wrong(key, "'" + key + "' of " + what + " has an empty entry", "Remove it");
      }
      if (seen.contains(item)) {
        throw wrong(key, "'" + key + "' of " + what + " has '" + item + "' twice", "Keep one");
      }
      seen.add(item);
    }
    return items;
  }

  /// Names with a whole number each: YAML's mapping, or an option's `a0:10+b/b0:5`.
  Map<String, Integer> numbers(String key, int min, int max) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    texts(key, ':').forEach((name, text) -> numbers.put(name, wholeNumber(key, text, min, max)));
    return numbers;
  }

  /// Names with a text each: YAML's mapping, or a list of `NAME` `between` `TEXT`.
  Map<String, String> texts(String key, char between) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (values.get(key) instanceof Value.Pairs map) {
      map.pairs().forEach((name, text) -> texts.put(name, text.text()));
      return texts;
    }
    for (String pair : items(key)) {
      int at = pair.indexOf(between);
      if (at <= 0 || texts.put(pair.substring(0, at), pair.substring(at + 1)) != null) {
        throw wrong(
            key,
            "'" + pair + "' in '" + key + "' of " + what + " is not NAME" + between + "VALUE",
            "Give each name once, in YAML as a mapping NAME: VALUE");
      }
    }
    return texts;
  }

  /// A unicast MAC address as the low 48 bits, or `otherwise`.
  long mac(String key, long otherwise) {
    String value = text(key);
    return value == null ? otherwise : macOf(key, value);
  }

  /// A list of unicast MAC addresses.
  List<Long> macs(String key) {
    return items(key).stream().map(text -> macOf(key, text)).toList();
  }

  private long macOf(String key, String value) {
    if (MAC.matcher(value).matches()) {
      long mac = Long.parseLong(value.replace(":", ""), 16);
      if (mac != 0 && (mac >> 40 & 1) == 0) {
        return mac;
      }
    }
    throw bad(key, value, "Give a unicast MAC address such as 02:00:00:00:00:01");
  }

  /// A host and a port, or null.
  @Nullable HostPort hostPort(String key) {
    String value = text(key);
    if (value == null) {
      return null;
    }
    return HostPort.parse(value)
        .orElseThrow(
            () -> bad(key, value, "Give ADDRESS:PORT such as 10.0.0.1:7440 or [fd00::1]:7440"));
  }

  /// A path, or null.
  @Nullable Path path(String key) {
    String value = text(key);
    return value == null ? null : Path.of(value);
  }

  /// The path of a Unix socket, which Linux limits.
  Path socket(String key, String value) {
    if (value.getBytes(StandardCharsets.UTF_8).length > SOCKET_PATH_MAX) {
      throw wrong(
          key,
          "'" + key + "' of " + what + " is longer than " + SOCKET_PATH_MAX + " bytes",
          "Linux takes no longer Unix socket path; choose a shorter one");
    }
    return Path.of(value);
  }

  /// `name`, when it can be one.
  String name(String name) {
    return named("", name);
  }

  /// `name`, which stands at `key`, when it can be one.
  String named(String key, String name) {
    if (name.length() > NAME_MAX || !NAME.matcher(name).matches()) {
      throw new ConfigException(
          at(key),
          "'" + name + "' is no name",
          "Use up to " + NAME_MAX + " letters, digits, '.', '_' and '-'");
    }
    return name;
  }

  /// The name of a network interface, or null.
  @Nullable String optionalInterface(String key) {
    String value = text(key);
    return value == null ? null : interfaceName(key, value);
  }

  /// `value`, when it can be the name of a network interface.
  String interfaceName(String key, String value) {
    if (value.length() > INTERFACE_NAME_MAX || !INTERFACE.matcher(value).matches()) {
      throw bad(
          key,
          value,
          "An interface name has 1 to "
              + INTERFACE_NAME_MAX
              + " characters and none of space / : , = +");
    }
    return value;
  }
}
