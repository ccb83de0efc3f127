package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.INVALID;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The arguments of one request, checked as they are read. Everything in them is somebody else's
/// input.
final class Arguments {
  private static final int TEXT_MAX = 4096;

  private final String op;
  private final JsonObject args;

  /// @param known the keys that the op takes; any other is refused
  Arguments(String op, JsonObject args, List<String> known) {
    this.op = op;
    this.args = args;
    for (String key : args.names()) {
      if (!known.contains(key)) {
        throw new RefusedException(
            INVALID,
            op + " takes no '" + shortened(key) + "'",
            known.isEmpty() ? "It takes no arguments." : "Known: " + String.join(", ", known));
      }
    }
  }

  private static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "...";
  }

  private RefusedException wrong(String key, String expected) {
    return new RefusedException(INVALID, op + " needs '" + key + "'", "Give " + expected);
  }

  /// Text that must be there.
  String text(String key) {
    JsonValue value = args.get(key);
    if (value == null || !value.isString() || value.asString().length() > TEXT_MAX) {
      throw wrong(key, "a text");
    }
    return value.asString();
  }

  /// Text, or `otherwise`.
  String text(String key, String otherwise) {
    return args.get(key) == null ? otherwise : text(key);
  }

  /// A truth, false when it is not there.
  boolean truth(String key) {
    JsonValue value = args.get(key);
    if (value != null && !value.isBoolean()) {
      throw wrong(key, "true or false");
    }
    return value != null && value.asBoolean();
  }

  /// A whole number in a range, or `otherwise`.
  long number(String key, long least, long most, long otherwise) {
    JsonValue value = args.get(key);
    if (value == null) {
      return otherwise;
    }
    try {
      long number = value.asLong();
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException | UnsupportedOperationException e) {
      // Said below, with the range.
    }
    throw wrong(key, "a whole number from " + least + " to " + most);
  }

  /// One text or more.
  List<String> texts(String key, int most) {
    JsonValue value = args.get(key);
    if (value == null || !value.isArray() || value.asArray().isEmpty()) {
      throw wrong(key, "an array of texts");
    }
    List<String> texts = new ArrayList<>();
    for (JsonValue each : value.asArray()) {
      if (!each.isString() || texts.size() == most) {
        throw wrong(key, "an array of 1 to " + most + " texts");
      }
      texts.add(each.asString());
    }
    return texts;
  }

  /// Keys and texts; empty when it is not there.
  Map<String, String> settings(String key) {
    Map<String, String> settings = new LinkedHashMap<>();
    JsonValue value = args.get(key);
    if (value == null) {
      return settings;
    }
    if (!value.isObject()) {
      throw wrong(key, "an object of texts");
    }
    for (JsonObject.Member member : value.asObject()) {
      if (!member.getValue().isString()) {
        throw wrong(key, "an object of texts; '" + shortened(member.getName()) + "' is none");
      }
      settings.put(member.getName(), member.getValue().asString());
    }
    return settings;
  }
}
