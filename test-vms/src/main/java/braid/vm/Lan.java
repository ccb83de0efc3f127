package braid.vm;

import java.util.List;

/// A switch in a namespace of its own, to which other namespaces are wired: the LAN of a test.
///
/// The bridge has a fixed MAC: left to itself it takes the lowest of its ports, and changes it when
/// that port leaves, which would look like a network failure of its own.
public final class Lan {
  private static final String BRIDGE = "br0";

  private final Namespace namespace;

  /// For what is done and asked while something is measured.
  private final Shell shell;

  private Lan(Namespace namespace, Shell shell) {
    this.namespace = namespace;
    this.shell = shell;
  }

  /// Makes a LAN.
  ///
  /// @param testbed owner of its namespace
  /// @param name of the namespace, unique within the testbed
  /// @return an empty LAN
  public static Lan create(Testbed testbed, String name) {
    Namespace namespace = testbed.namespace(name);
    namespace.ip(
        "link",
        "add",
        "name",
        BRIDGE,
        "index",
        Namespace.freshIndex(),
        "address",
        "02:00:00:00:00:fe",
        "type",
        "bridge",
        "mcast_snooping",
        "0",
        "forward_delay",
        "0");
    namespace.ip("link", "set", BRIDGE, "up");
    return new Lan(namespace, testbed.shell(namespace));
  }

  /// Where the switch is.
  public Namespace namespace() {
    return namespace;
  }

  /// Plugs a cable in.
  ///
  /// @param port name of the switch's port
  /// @param other the namespace at the cable's other end
  /// @param there name of the interface there
  public void attach(String port, Namespace other, String there) {
    namespace.veth(port, other, there);
    namespace.ip("link", "set", port, "master", BRIDGE);
  }

  /// Makes the switch itself reachable: the LAN's namespace becomes a peer on the LAN.
  ///
  /// @param address with prefix length
  public void address(String address) {
    namespace.address(BRIDGE, address);
  }

  /// What the LAN's namespace itself sends has its checksums, as on a real wire; otherwise the
  /// kernel leaves them to whoever cuts the frame last, and not every receiver knows that.
  public void checksums() {
    namespace.run("ethtool", "-K", BRIDGE, "tx", "off");
  }

  /// Pulls the cable: the other end loses carrier at once.
  ///
  /// @param port of the switch
  public void unplug(String port) {
    shell.run(List.of("ip", "link", "set", port, "down"));
  }

  /// Puts the cable back.
  ///
  /// @param port of the switch
  public void plug(String port) {
    shell.run(List.of("ip", "link", "set", port, "up"));
  }

  /// The port behind which the switch has learned an address.
  ///
  /// @param mac as the kernel writes it, six lower-case pairs
  /// @return its name, empty when it knows none
  public String portOf(String mac) {
    for (String line : shell.run(List.of("bridge", "fdb", "show", "br", BRIDGE)).lines().toList()) {
      String[] words = line.split(" ", -1);
      if (words[0].equals(mac) && words[1].equals("dev") && !words[2].equals(BRIDGE)) {
        return words[2];
      }
    }
    return "";
  }

  /// A black hole: the port forwards nothing in either direction, while carrier stays up.
  ///
  /// @param port of the switch
  public void silence(String port) {
    shell.run(List.of("bridge", "link", "set", "dev", port, "state", "0"));
  }

  /// Ends [#silence].
  ///
  /// @param port of the switch
  public void restore(String port) {
    shell.run(List.of("bridge", "link", "set", "dev", port, "state", "3"));
  }
}
