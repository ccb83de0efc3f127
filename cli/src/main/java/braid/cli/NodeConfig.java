package braid.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one node is told: its NICs and its guests. Validated as a whole before anything is opened.
///
/// @param nics       in the order given
/// @param guests     in the order given
/// @param spinMicros how long the worker looks again before it sleeps, µs; 0 sleeps at once
record NodeConfig(List<Nic> nics, List<Guest> guests, int spinMicros) {

  static final int SPIN_DEFAULT_MICROS = 50;
  private static final int NAME_MAX = 32;
  private static final int INTERFACE_NAME_MAX = 15;
  private static final int SOCKET_PATH_MAX = 107;
  private static final List<String> NIC_KEYS = List.of("tap", "bridge", "uplink");
  private static final List<String> GUEST_KEYS =
      List.of("socket", "nic", "mode", "mac", "mtu", "pcap", "drop");

  /// A NIC of this node: today a TAP, alone or in a bridge.
  ///
  /// @param name   the node's name for it
  /// @param tap    interface name of the TAP that the node makes and removes
  /// @param bridge bridge that the TAP joins, made when absent; null for none
  /// @param uplink interface whose carrier is this NIC's carrier (the physical port in the bridge,
  ///     which it joins too);
  ///               null: the TAP's own
  record Nic(String name, String tap, @Nullable String bridge, @Nullable String uplink) {}

  /// How a guest's socket comes to be.
  enum Mode {
    /// The node listens and the front-end connects.
    SERVER,
    /// The front-end listens and the node connects, again and again.
    CLIENT
  }

  /// A guest's device.
  ///
  /// @param name   the node's name for it
  /// @param socket vhost-user socket
  /// @param nic    name of the NIC it uses
  /// @param mode   who listens
  /// @param mac    MAC address in the device's configuration, 48 bits
  /// @param mtu    MTU in the device's configuration, bytes
  /// @param pcap   file that all its frames are written to; null for none
  /// @param drop   percent of frames dropped on purpose, for debugging; 0 normally
  record Guest(
      String name,
      Path socket,
      String nic,
      Mode mode,
      long mac,
      int mtu,
      @Nullable Path pcap,
      int drop) {}

  NodeConfig {
    nics = List.copyOf(nics);
    guests = List.copyOf(guests);
  }

  /// One `--nic NAME=tap:IFNAME[,bridge=BR][,uplink=IF]`.
  static Nic nic(String option) {
    String where = "--nic " + option;
    String[] parts = nameAndRest(where, option, "a0=tap:brd-a0,bridge=br0");
    Map<String, String> values = pairs(where, parts[1].replaceFirst("^tap:", "tap="));
    return nic(parts[0], new Field("nic " + parts[0], where, values, Map.of()));
  }

  /// One `--guest NAME=SOCKET,nic=NIC[,mode=server|client][,mac=…][,mtu=…]`.
  static Guest guest(String option) {
    String where = "--guest " + option;
    String[] parts = nameAndRest(where, option, "vm1=/run/braid/vm1.sock,nic=a0");
    String rest = parts[1].startsWith("socket=") ? parts[1] : "socket=" + parts[1];
    return guest(parts[0], new Field("guest " + parts[0], where, pairs(where, rest), Map.of()));
  }

  static Nic nic(String name, Field field) {
    field.only(NIC_KEYS);
    return new Nic(
        checkedName(field, name),
        interfaceName(field, "tap", field.required("tap", "brd-" + name)),
        optionalInterface(field, "bridge"),
        optionalInterface(field, "uplink"));
  }

  static Guest guest(String name, Field field) {
    field.only(GUEST_KEYS);
    String socket = field.required("socket", "/run/braid/" + name + ".sock");
    if (socket.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > SOCKET_PATH_MAX) {
      throw new ConfigException(
          field.at("socket"),
          "'socket' of " + field.what() + " is longer than " + SOCKET_PATH_MAX + " bytes",
          "Linux takes no longer Unix socket path; choose a shorter one");
    }
    String pcap = field.text("pcap");
    return new Guest(
        checkedName(field, name),
        Path.of(socket),
        field.required("nic", "a0"),
        field.choice("mode", Mode.class, Mode.SERVER),
        field.mac("mac", macOf(name)),
        field.number("mtu", 68, 65_535, 1500),
        pcap == null ? null : Path.of(pcap),
        field.number("drop", 0, 100, 0));
  }

  /// Checks what only the whole can tell: names are unique, every guest's NIC exists, nothing is
  /// used twice.
  NodeConfig checked(String where) {
    if (guests.isEmpty()) {
      throw new ConfigException(
          where, "no guest", "Give --guest NAME=SOCKET,nic=NIC, or guests: in the file");
    }
    Map<String, Nic> byName = new LinkedHashMap<>();
    Set<String> taps = new HashSet<>();
    for (Nic nic : nics) {
      if (byName.put(nic.name, nic) != null) {
        throw new ConfigException(where, "two NICs are named '" + nic.name + "'", "Rename one");
      }
      if (!taps.add(nic.tap)) {
        throw new ConfigException(
            where, "two NICs use the TAP '" + nic.tap + "'", "Give each its own");
      }
      if (nic.uplink != null && nic.bridge == null) {
        throw new ConfigException(
            where,
            "nic '" + nic.name + "' has an uplink but no bridge",
            "Add bridge=NAME: the TAP and " + nic.uplink + " meet there");
      }
    }
    Set<String> names = new HashSet<>();
    Set<Path> sockets = new HashSet<>();
    Map<String, String> users = new HashMap<>();
    Map<Long, String> macs = new HashMap<>();
    for (Guest guest : guests) {
      if (!names.add(guest.name)) {
        throw new ConfigException(where, "two guests are named '" + guest.name + "'", "Rename one");
      }
      if (!sockets.add(guest.socket.toAbsolutePath().normalize())) {
        throw new ConfigException(
            where, "two guests use the socket " + guest.socket, "Give each its own");
      }
      if (!byName.containsKey(guest.nic)) {
        throw new ConfigException(
            where,
            "guest '" + guest.name + "' wants the unknown NIC '" + guest.nic + "'",
            byName.isEmpty()
                ? "Add --nic " + guest.nic + "=tap:brd-" + guest.nic
                : Field.didYouMean(guest.nic, new ArrayList<>(byName.keySet())));
      }
      String other = users.put(guest.nic, guest.name);
      if (other != null) {
        throw new ConfigException(
            where,
            "guests '" + other + "' and '" + guest.name + "' both use NIC '" + guest.nic + "'",
            "Give each its own --nic; TAPs of one bridge share the wire behind it");
      }
      String twin = macs.put(guest.mac, guest.name);
      if (twin != null) {
        throw new ConfigException(
            where,
            "guests '"
                + twin
                + "' and '"
                + guest.name
                + "' have the same MAC "
                + macText(guest.mac),
            "Change one");
      }
    }
    return this;
  }

  /// A locally administered MAC that is always the same for the same name.
  static long macOf(String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      hash = (hash ^ b) * 0x100000001b3L;
    }
    return (0x02L << 40) | ((hash ^ (hash >>> 32)) & 0xff_ffff_ffffL);
  }

  static String macText(long mac) {
    StringBuilder text = new StringBuilder();
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(String.format("%02x", mac >> shift & 0xff)).append(shift == 0 ? "" : ":");
    }
    return text.toString();
  }

  private static String[] nameAndRest(String where, String option, String example) {
    int equals = option.indexOf('=');
    if (equals <= 0 || equals == option.length() - 1) {
      throw new ConfigException(where, "expected NAME=...", "For instance " + example);
    }
    return new String[] {option.substring(0, equals), option.substring(equals + 1)};
  }

  private static Map<String, String> pairs(String where, String text) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String pair : text.split(",", -1)) {
      int equals = pair.indexOf('=');
      if (equals <= 0) {
        throw new ConfigException(
            where, "'" + pair + "' is not KEY=VALUE", "Separate pairs by commas");
      }
      if (values.put(pair.substring(0, equals), pair.substring(equals + 1)) != null) {
        throw new ConfigException(
            where, "key '" + pair.substring(0, equals) + "' is given twice", "Keep one");
      }
    }
    return values;
  }

  private static String checkedName(Field field, String name) {
    if (name.length() > NAME_MAX || !name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
      throw new ConfigException(
          field.where(),
          "'" + name + "' is no name",
          "Use up to " + NAME_MAX + " letters, digits, '.', '_' and '-'");
    }
    return name;
  }

  private static @Nullable String optionalInterface(Field field, String key) {
    String value = field.text(key);
    return value == null ? null : interfaceName(field, key, value);
  }

  private static String interfaceName(Field field, String key, String value) {
    if (value.length() > INTERFACE_NAME_MAX || !value.matches("[^\\s/:,=]+")) {
      throw new ConfigException(
          field.at(key),
          "'" + key + "' of " + field.what() + " is '" + value + "'",
          "An interface name has 1 to "
              + INTERFACE_NAME_MAX
              + " characters and none of space / : , =");
    }
    return value;
  }
}
