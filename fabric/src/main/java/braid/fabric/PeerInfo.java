package braid.fabric;

import java.net.SocketAddress;

/// Who is at the other end of a session that another node opened.
///
/// @param node    the peer's name: its certificate has it
/// @param user    who uses the NIC there: the name of a bond
/// @param nic     the NIC of ours that it uses
/// @param address from where it connected
public record PeerInfo(String node, String user, String nic, SocketAddress address) {
  @Override
  public String toString() {
    return node + "/" + user + " on " + nic;
  }
}
