package braid.fabric;

import java.net.InetSocketAddress;

/// A NIC of another node, as the directory names it.
///
/// @param node    the owner's name, which its certificate must carry
/// @param nic     the NIC's name on that node
/// @param address where the owner's fabric listens
public record RemoteNic(String node, String nic, InetSocketAddress address) {
  /// Checks the names.
  public RemoteNic {
    Names.check("node", node);
    Names.check("NIC", nic);
  }

  @Override
  public String toString() {
    return node + "/" + nic;
  }
}
