package braid.fabric.directory;

import java.util.List;

/// NICs for tests.
final class Nics {
  private Nics() {}

  static NicRecord nic(String node, String name) {
    return nic(node, name, true, 0);
  }

  static NicRecord nic(String node, String name, boolean carrier, int load) {
    return new NicRecord(
        node,
        name,
        0x0200_0000_0000L + name.hashCode() % 1000,
        "tap",
        1000,
        carrier,
        1500,
        List.of("tso", "csum"),
        load,
        new Endpoint("127.0.0.1", 7900),
        List.of("vm1"));
  }
}
