package braid.ssi;

/// What a bond must know of a member.
///
/// @param name     unique in the bond, not empty
/// @param mac      the port's own unicast MAC, low 48 bits
/// @param priority higher is preferred; the primary stands above all
public record MemberConfig(String name, long mac, int priority) {
  /// Checks name and MAC.
  public MemberConfig {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a member needs a name");
    }
    Macs.check(mac);
  }
}
