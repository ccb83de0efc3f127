package braid.cli;

import braid.kernel.Link;
import braid.kernel.LinuxException;
import braid.kernel.Netlink;
import java.util.HashMap;
import java.util.Map;

/// Puts TAPs and uplinks into bridges, and removes the bridges that it made when nothing needs them
/// any more. The control thread.
final class Plug implements AutoCloseable {
  private final Netlink netlink = new Netlink();

  /// Bridges that were not there before, by name: their index.
  private final Map<String, Integer> made = new HashMap<>();

  /// The interface with that name.
  ///
  /// @throws LinuxException when it is not there
  Link require(String networkDevice) {
    return netlink.requireLink(networkDevice);
  }

  /// There is an interface of that name.
  boolean present(String networkDevice) {
    return netlink.link(networkDevice).isPresent();
  }

  /// Sets a NIC's TAP up, with its MTU, in its bridge, with its uplink beside it. Doing it again
  /// changes nothing.
  ///
  /// @throws ConfigException when the uplink is not there
  /// @throws LinuxException  when the kernel refuses
  void in(NicSpec nic, int mtu) {
    int tap = netlink.requireLink(nic.tap()).index();
    netlink.setMtu(tap, mtu);
    String bridge = nic.bridge();
    if (bridge == null) {
      netlink.setUp(tap, true);
      return;
    }
    String uplink = nic.uplink();
    if (uplink != null && netlink.link(uplink).isEmpty()) {
      throw new ConfigException(
          nic.toString(),
          "there is no interface '" + uplink + "' to be its uplink",
          Words.didYouMean(uplink, netlink.links().stream().map(Link::name).toList()));
    }
    if (netlink.createBridge(bridge)) {
      made.put(bridge, netlink.requireLink(bridge).index());
    }
    netlink.join(nic.tap(), bridge);
    if (uplink != null) {
      netlink.join(uplink, bridge);
    }
  }

  /// Sets the longest payload of a NIC's TAP.
  void mtu(NicSpec nic, int mtu) {
    netlink.setMtu(netlink.requireLink(nic.tap()).index(), mtu);
  }

  /// A NIC is gone: its bridge goes too, if this made it and no other NIC is in it.
  void out(String bridge) {
    Integer index = made.remove(bridge);
    if (index != null) {
      netlink.delete(index);
    }
  }

  @Override
  public void close() {
    netlink.close();
  }
}
