package braid.bench;

import braid.vm.Environment;
import com.eclipsesource.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Writes maps, lists, numbers and strings as JSON.
final class Json {
  private Json() {}

  /// What a figure was measured on.
  static Map<String, Object> environment() {
    Map<String, Object> environment = new LinkedHashMap<>();
    Environment.describe().forEach(m -> environment.put(m.getName(), text(m.getValue())));
    return environment;
  }

  private static Object text(JsonValue value) {
    return value.isString() ? value.asString() : value.toString();
  }

  static String of(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out, "");
    return out.append('\n').toString();
  }

  private static void write(Object value, StringBuilder out, String indent) {
    String inner = indent + "  ";
    switch (value) {
      case Map<?, ?> map -> {
        String separator = "{\n";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(separator).append(inner);
          quote(entry.getKey().toString(), out);
          out.append(": ");
          write(entry.getValue(), out, inner);
          separator = ",\n";
        }
        out.append(map.isEmpty() ? "{}" : "\n" + indent + "}");
      }
      case List<?> list -> {
        String separator = "[\n";
        for (Object element : list) {
          out.append(separator).append(inner);
          write(element, out, inner);
          separator = ",\n";
        }
        out.append(list.isEmpty() ? "[]" : "\n" + indent + "]");
      }
      case Double number -> out.append(String.format(Locale.ROOT, "%.3f", number));
      case Number number -> out.append(number);
      case Boolean flag -> out.append(flag);
      default -> quote(value.toString(), out);
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
