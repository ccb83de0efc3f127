package braid.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// Turns `NAME=FIRST[,KEY=VALUE...]` of an option into a [Field], so that an option means exactly
/// what the same words mean in the file.
///
/// @param name  the configured thing's name, empty where it has none
/// @param field its keys
record OptionText(String name, Field field) {
  private static final Pattern KEY = Pattern.compile("[a-z][a-z-]*");

  /// An option that names a thing: `--nic a0=tap:brd-a0,bridge=br0`.
  ///
  /// @param option as in `--nic`
  /// @param what   as in "nic"
  /// @param first  key of what follows the name without a key of its own
  static OptionText named(String option, String what, String text, String first, String example) {
    String where = option + " " + text;
    int equals = text.indexOf('=');
    if (equals <= 0 || equals == text.length() - 1) {
      throw new ConfigException(where, "expected NAME=...", "For instance " + example);
    }
    String name = text.substring(0, equals);
    return new OptionText(
        name, new Field(what + " " + name, where, pairs(where, text.substring(equals + 1), first)));
  }

  /// An option for something that there is once: `--fabric 10.0.0.1:7440,ca=ca.pem`.
  static Field only(String option, String text, String first) {
    String where = option + " " + text;
    return new Field(option.substring(2), where, pairs(where, text, first));
  }

  private static Map<String, Value> pairs(String where, String text, String first) {
    Map<String, Value> values = new LinkedHashMap<>();
    boolean beginning = true;
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      if (beginning && (equals < 0 || !KEY.matcher(part.substring(0, equals)).matches())) {
        equals = -1;
      } else if (equals <= 0) {
        throw new ConfigException(
            where, "'" + part + "' is not KEY=VALUE", "Separate pairs by commas");
      }
      String key = equals < 0 ? first : part.substring(0, equals);
      // A TAP may be written tap:NAME, as a directory may be file:PATH.
      String value =
          equals < 0 && part.startsWith(first + ":")
              ? part.substring(first.length() + 1)
              : part.substring(equals + 1);
      if (values.put(key, new Value.Text(value, where)) != null) {
        throw new ConfigException(where, "key '" + key + "' is given twice", "Keep one");
      }
      beginning = false;
    }
    return values;
  }
}
