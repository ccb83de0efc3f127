package braid.cli.control;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Records as JSON and back, by their components, so that the protocol and the records cannot
/// drift apart.
///
/// | Java | JSON |
/// |---|---|
/// | record | object; component `speedMbps` is the key `speed_mbps` |
/// | `String`, `boolean`, `int`, `long` | as in JSON |
/// | enum | its name in lower case, `-` for `_` |
/// | `Instant` | ISO 8601 text, UTC |
/// | `List`, `Map` with text keys | array, object |
///
/// Reading takes a key that is not there for empty, false or 0, and passes over keys that it does
/// not know: nodes and clients of different age understand each other.
public final class Records {
  private Records() {}

  /// A value as JSON.
  ///
  /// @throws IllegalArgumentException for a type that is not in the table: our mistake
  public static JsonValue toJson(Object value) {
    return switch (value) {
      case String text -> Json.value(text);
      case Boolean truth -> Json.value(truth);
      case Integer number -> Json.value(number);
      case Long number -> Json.value(number);
      case Instant time -> Json.value(time.toString());
      case Enum<?> constant -> Json.value(lower(constant));
      case Record record -> object(record);
      case List<?> list -> {
        JsonArray array = new JsonArray();
        list.forEach(each -> array.add(toJson(each)));
        yield array;
      }
      case Map<?, ?> map -> {
        JsonObject object = new JsonObject();
        map.forEach((key, each) -> object.add((String) key, toJson(each)));
        yield object;
      }
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    };
  }

  /// A record as a JSON object.
  public static JsonObject object(Record record) {
    JsonObject object = new JsonObject();
    try {
      for (RecordComponent component : record.getClass().getRecordComponents()) {
        Object value = component.getAccessor().invoke(record);
        object.add(snake(component.getName()), toJson(value));
      }
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new LinkageError("component of " + record.getClass(), e);
    }
    return object;
  }

  /// Reads a record.
  ///
  /// @throws IllegalArgumentException when a key's value is of another type, naming the key
  public static <R extends Record> R fromJson(Class<R> type, JsonValue json) {
    return type.cast(record(type, type.getSimpleName(), json));
  }

  private static Object record(Class<?> type, String where, @Nullable JsonValue json) {
    JsonObject object = json == null ? new JsonObject() : objectAt(where, json);
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String key = snake(components[i].getName());
      types[i] = components[i].getType();
      values[i] = value(components[i].getGenericType(), where + "." + key, object.get(key));
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(where + ": " + e.getCause(), e);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("constructor of " + type, e);
    }
  }

  private static JsonObject objectAt(String where, JsonValue json) {
    if (!json.isObject()) {
      throw new IllegalArgumentException(where + " is not an object");
    }
    return json.asObject();
  }

  private static Object value(Type type, String where, @Nullable JsonValue json) {
    if (type instanceof ParameterizedType generic) {
      Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      return generic.getRawType() == List.class ? list(last, where, json) : map(last, where, json);
    }
    Class<?> plain = (Class<?>) type;
    if (plain.isRecord()) {
      return record(plain, where, json);
    }
    try {
      return scalar(plain, json);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          where + " is " + json + ", expected " + plain.getSimpleName(), e);
    }
  }

  private static Object scalar(Class<?> type, @Nullable JsonValue json) {
    if (type == String.class) {
      return json == null ? "" : json.asString();
    }
    if (type == boolean.class) {
      return json != null && json.asBoolean();
    }
    if (type == int.class) {
      return json == null ? 0 : json.asInt();
    }
    if (type == long.class || type == Long.class) {
      return json == null ? 0L : json.asLong();
    }
    if (type == Instant.class) {
      return json == null ? Instant.EPOCH : Instant.parse(json.asString());
    }
    if (type.isEnum()) {
      String word = json == null ? "" : json.asString();
      for (Object constant : type.getEnumConstants()) {
        if (json == null || lower((Enum<?>) constant).equals(word)) {
          return constant;
        }
      }
    }
    throw new IllegalArgumentException("no " + type);
  }

  private static List<Object> list(Type of, String where, @Nullable JsonValue json) {
    List<Object> values = new ArrayList<>();
    if (json != null) {
      if (!json.isArray()) {
        throw new IllegalArgumentException(where + " is not an array");
      }
      json.asArray().forEach(each -> values.add(value(of, where + "[]", each)));
    }
    return values;
  }

  private static Map<String, Object> map(Type of, String where, @Nullable JsonValue json) {
    Map<String, Object> values = new LinkedHashMap<>();
    if (json != null) {
      objectAt(where, json)
          .forEach(
              m -> values.put(m.getName(), value(of, where + "." + m.getName(), m.getValue())));
    }
    return values;
  }

  /// An enum constant as the protocol, the metrics and the screens write it.
  public static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// `speedMbps` as `speed_mbps`.
  static String snake(String camel) {
    return words(camel, '_');
  }

  /// `ActiveChanged` as `active-changed`.
  static String kebab(String camel) {
    return words(camel, '-');
  }

  private static String words(String camel, char between) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < camel.length(); i++) {
      char c = camel.charAt(i);
      if (Character.isUpperCase(c)) {
        out.append(out.isEmpty() ? "" : between).append(Character.toLowerCase(c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
