package braid.ssi;

/// What a bond must know of a member.
///
/// @param name     unique in the bond, not empty
/// @param mac      the port's own unicast MAC, low 48 bits
/// @param priority higher is preferred; the primary stands above all
/// @param distance 0 for a NIC of this node, 1 for one of another node; up to 255. Of equal
///                 priority the nearer is preferred
public record MemberConfig(String name, long mac, int priority, int distance) {
  /// Farthest a member can be.
  public static final int DISTANCE_MAX = 255;

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
