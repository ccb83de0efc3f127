package braid.vm;

import java.util.HashMap;
import java.util.Map;

/// One line of the traffic program: a kind, and words of the form key=value.
///
/// @param kind the first word
/// @param words the others
record ReportLine(String kind, Map<String, String> words) {
  static ReportLine parse(String line) {
    String[] parts = line.trim().split(" +", -1);
    Map<String, String> words = new HashMap<>();
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      if (equals > 0) {
        words.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
      }
    }
    return new ReportLine(parts[0], words);
  }

  String text(String key) {
    String value = words.get(key);
    if (value == null) {
      throw new TestbedException("the traffic program said no " + key + ": " + kind + words);
    }
    return value;
  }

  long number(String key) {
    return Long.parseLong(text(key));
  }

  double decimal(String key) {
    return Double.parseDouble(text(key));
  }
}
