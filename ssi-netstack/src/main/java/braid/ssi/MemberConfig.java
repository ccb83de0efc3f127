package braid.ssi;

/// What a bond must know of a member.
///
/// @param name     unique in the bond, not empty
/// @param mac      the port's own unicast MAC, low 48 bits
/// @param priority higher is preferred; the primary stands above all
/// @param distance 0 for a NIC of this node, 1 for one of another node; up to 255. Of equal
///                 priority the nearer is preferred
/// @param answers  somebody there answers continuity checks ([MepPort]). Behind a NIC of this node
///                 nobody does, and its carrier is known at once: then the bond's continuity check
///                 is not made on this member
public record MemberConfig(String name, long mac, int priority, int distance, boolean answers) {
  /// Farthest a member can be.
  public static final int DISTANCE_MAX = 255;

  /// A member on which all of the bond's checks are made.
  public MemberConfig(String name, long mac, int priority, int distance) {
    this(name, mac, priority, distance, true);
  }

  /// Order of preference, higher first: priority, then nearness.
  long rank() {
    return (long) priority * (DISTANCE_MAX + 1) - distance;
  }

  /// Checks name, MAC and distance.
  public MemberConfig {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a member needs a name");
    }
    Macs.check(mac);
    if (distance < 0 || distance > DISTANCE_MAX) {
      throw new IllegalArgumentException(
          "distance is 0 to " + DISTANCE_MAX + ", not " + distance + " (member " + name + ")");
    }
  }
}
