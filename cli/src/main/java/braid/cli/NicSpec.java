package braid.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A NIC of this node as configured: a TAP, alone or in a bridge with a physical interface.
///
/// @param name      the node's name for it
/// @param tap       interface name of the TAP that the node makes and removes
/// @param bridge    bridge that the TAP joins, made when absent; null for none
/// @param uplink    interface whose carrier is this NIC's carrier (the physical port in the bridge,
///                  which it joins too); null: the TAP's own
/// @param speedMbps line rate that counts instead of what the kernel says; 0 asks the kernel
/// @param mac       the NIC's own address in the directory; 0 for one made of its name
/// @param mtu       bytes of payload; 0 for the largest of the guests behind it
record NicSpec(
    String name,
    String tap,
    @Nullable String bridge,
    @Nullable String uplink,
    int speedMbps,
    long mac,
    int mtu) {
  static final List<String> KEYS = List.of("tap", "bridge", "uplink", "speed", "mac", "mtu");
  private static final int SPEED_MAX = 10_000_000;

  /// One `--nic NAME=tap:IFNAME[,KEY=VALUE...]`.
  static NicSpec option(String text) {
    OptionText option = OptionText.named("--nic", "nic", text, "tap", "a0=tap:brd-a0,bridge=br0");
    return read(option.name(), option.field());
  }

  static NicSpec read(String name, Field field) {
    field.only(KEYS);
    return new NicSpec(
        field.name(name),
        field.interfaceName("tap", field.required("tap", "brd-" + name)),
        field.optionalInterface("bridge"),
        field.optionalInterface("uplink"),
        field.number("speed", 1, SPEED_MAX, 0),
        field.mac("mac", 0),
        field.number("mtu", 68, 65_535, 0));
  }

  /// The interface whose carrier counts.
  String watched() {
    return uplink == null ? tap : uplink;
  }

  @Override
  public String toString() {
    return "nic " + name;
  }
}
