package braid.cli;

import braid.fabric.directory.NicMap;
import braid.fabric.directory.NicRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who should be in a bond: its patterns, held against the NICs that there are. Pure.
///
/// The map of other nodes is only ever news for people and a source of new members. A member that
/// is in use stays while its session lives, whatever the map says; and while the map is stale
/// nothing is taken out at all.
final class Roster {
  /// A NIC that fits.
  ///
  /// @param name   in the bond: `a0`, or `b/b0` for another node's
  /// @param remote what the directory says of another node's; null for one of this node
  record Seat(String name, @Nullable NicRecord remote) {}

  private Roster() {}

  /// The NICs that fit a bond now, each once: this node's first, then in the map's order.
  ///
  /// @param here this node's name
  /// @param own  names of this node's NICs
  static Map<String, Seat> wanted(BondSpec bond, String here, List<String> own, NicMap map) {
    Map<String, Seat> seats = new LinkedHashMap<>();
    for (String nic : own) {
      if (bond.members().stream().anyMatch(pattern -> pattern.fitsOwn(here, nic))) {
        seats.put(nic, new Seat(nic, null));
      }
    }
    for (NicRecord nic : map.nics()) {
      boolean reachable = !nic.node().equals(here) && nic.fabricAddress() != null;
      if (reachable
          && bond.members().stream().anyMatch(pattern -> pattern.fits(nic.node(), nic.nic()))) {
        String name = nic.node() + "/" + nic.nic();
        seats.put(name, new Seat(name, nic));
      }
    }
    return seats;
  }

  /// A remote member that the map no longer has may go.
  ///
  /// @param fits      the configuration still wants NICs of that name
  /// @param connected its session lives
  static boolean mayGo(NicMap map, boolean fits, boolean connected) {
    return !fits || (!map.stale() && !connected);
  }
}
