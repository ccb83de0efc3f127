package braid.fabric.directory;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.List;

/// One NIC as JSON; the names of its fields are in one place for files, messages and
/// `braid nics -o json`. The node stands around it, not in it.
final class NicJson {
  private NicJson() {}

  static JsonObject of(NicRecord nic) {
    Endpoint address = nic.fabricAddress();
    return new JsonObject()
        .add("nic", nic.nic())
        .add("mac", mac(nic.mac()))
        .add("kind", nic.kind())
        .add("speed_mbps", nic.speedMbps())
        .add("carrier", nic.carrier())
        .add("mtu", nic.mtu())
        .add("offloads", words(nic.offloads()))
        .add("load_percent", nic.loadPercent())
        .add("fabric_address", address == null ? Json.NULL : Json.value(address.toString()))
        .add("users", words(nic.users()));
  }

  /// @throws IllegalArgumentException when a field is missing, of another type or out of range
  static NicRecord parse(String node, JsonObject nic) {
    JsonValue address = field(nic, "fabric_address");
    JsonValue carrier = field(nic, "carrier");
    if (!carrier.isBoolean()) {
      throw wrong("carrier", "true or false");
    }
    return new NicRecord(
        node,
        text(nic, "nic"),
        parseMac(text(nic, "mac")),
        text(nic, "kind"),
        integer(nic, "speed_mbps"),
        carrier.asBoolean(),
        integer(nic, "mtu"),
        words(nic, "offloads"),
        integer(nic, "load_percent"),
        address.isNull() ? null : Endpoint.parse(text(nic, "fabric_address")),
        words(nic, "users"));
  }

  /// A MAC address as `02:00:5e:00:00:01`.
  static String mac(long mac) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(String.format("%02x", (mac >>> shift) & 0xFF)).append(shift == 0 ? "" : ":");
    }
    return text.toString();
  }

  private static long parseMac(String text) {
    if (!text.matches("[0-9a-f]{2}(:[0-9a-f]{2}){5}")) {
      throw wrong("mac", "six octets, such as 02:00:5e:00:00:01");
    }
    return Long.parseLong(text.replace(":", ""), 16);
  }

  static String text(JsonObject object, String name) {
    JsonValue value = field(object, name);
    if (!value.isString()) {
      throw wrong(name, "a text");
    }
    return value.asString();
  }

  static int integer(JsonObject object, String name) {
    long value = number(object, name);
    if (value < Integer.MIN_VALUE || value > Integer.MAX_VALUE) {
      throw wrong(name, "a number of 32 bits");
    }
    return (int) value;
  }

  static long number(JsonObject object, String name) {
    JsonValue value = field(object, name);
    try {
      return value.asLong();
    } catch (UnsupportedOperationException | NumberFormatException _) {
      throw wrong(name, "a whole number");
    }
  }

  static JsonArray array(JsonObject object, String name) {
    JsonValue value = field(object, name);
    if (!value.isArray()) {
      throw wrong(name, "a list");
    }
    return value.asArray();
  }

  private static List<String> words(JsonObject object, String name) {
    List<String> words = new ArrayList<>();
    for (JsonValue word : array(object, name)) {
      if (!word.isString()) {
        throw wrong(name, "a list of texts");
      }
      words.add(word.asString());
    }
    return words;
  }

  private static JsonArray words(List<String> words) {
    JsonArray array = new JsonArray();
    words.forEach(array::add);
    return array;
  }

  private static JsonValue field(JsonObject object, String name) {
    JsonValue value = object.get(name);
    if (value == null) {
      throw new IllegalArgumentException("'" + name + "' is missing");
    }
    return value;
  }

  private static IllegalArgumentException wrong(String name, String expected) {
    return new IllegalArgumentException("'" + name + "' is not " + expected);
  }
}
