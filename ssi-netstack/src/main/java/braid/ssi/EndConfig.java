package braid.ssi;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;

/// What a [Switch] allows at one of its ends, and what it makes of the frames there.
///
/// With `macs` the end is *guarded*: a frame with another source address is dropped, and the
/// addresses are known without learning. Without, it is *open*: addresses are learned, unknown
/// unicast may be flooded to it.
///
/// | | access (`trunk` false) | trunk |
/// |---|---|---|
/// | untagged from the end | is in `vlan` | is in `vlan` |
/// | VLAN 0 (priority tag) from the end | is in `vlan`, keeps its priority | is in `vlan` |
/// | other tags from the end | dropped, `tx_drop_tagged` | in the VLAN of the tag |
/// | to the end | of `vlan` only, untagged | of all VLANs, tagged but for those of `vlan` |
///
/// @param macs       unicast addresses of the host there, none for an open end
/// @param neighbours guarded ends only: the addresses stated inside ARP and neighbour discovery
///                   must be among `macs` too
/// @param vlan       1 to 4094, or 0: what is untagged at the uplink
/// @param trunk      the host there may use VLANs of its own
/// @param reserved   this end takes part in the protocols of the link itself (LACP, LLDP, pause:
///                   01-80-C2-00-00-00 to -0F), which a switch does not forward
/// @param sending    how fast frames may be sent into the end; what is more waits with the sender
/// @param receiving  how fast frames come out of it; what is more waits in its queue, and is
///                   dropped when that is full
public record EndConfig(
    List<Long> macs,
    boolean neighbours,
    int vlan,
    boolean trunk,
    boolean reserved,
    RateLimit sending,
    RateLimit receiving) {
  /// Most addresses of one end.
  public static final int MACS_MAX = 64;

  /// Highest VLAN identifier that may be used; 4095 is reserved (802.1Q-2018, table 9-2).
  public static final int VLAN_MAX = 4094;

  /// A trunk without guard or limits: for a bond, or another node's session, that shares a NIC.
  public static final EndConfig OPEN =
      new EndConfig(List.of(), false, 0, true, false, RateLimit.NONE, RateLimit.NONE);

  /// Checks the ranges and copies the list.
  public EndConfig {
    macs = List.copyOf(macs);
    macs.forEach(Macs::check);
    if (macs.size() > MACS_MAX) {
      throw new IllegalArgumentException(
          "an end has at most " + MACS_MAX + " addresses, not " + macs.size());
    }
    if (new HashSet<>(macs).size() < macs.size()) {
      throw new IllegalArgumentException("an address is listed twice in " + Macs.text(macs));
    }
    if (vlan < 0 || vlan > VLAN_MAX) {
      throw new IllegalArgumentException("vlan is 1 to 4094, or 0 for none, not " + vlan);
    }
  }

  /// A guest: untagged, guarded with ARP and neighbour discovery, no limits.
  ///
  /// @param mac its address; empty for an open end
  public static EndConfig guest(OptionalLong mac) {
    List<Long> macs = mac.isPresent() ? List.of(mac.getAsLong()) : List.of();
    return new EndConfig(macs, true, 0, false, false, RateLimit.NONE, RateLimit.NONE);
  }

  /// A guest with these addresses.
  public static EndConfig guest(long... macs) {
    List<Long> list = Arrays.stream(macs).boxed().toList();
    return new EndConfig(list, true, 0, false, false, RateLimit.NONE, RateLimit.NONE);
  }

  /// The same in another VLAN.
  public EndConfig vlan(int other) {
    return new EndConfig(macs, neighbours, other, trunk, reserved, sending, receiving);
  }

  /// The same with VLANs of its own allowed or not.
  public EndConfig trunk(boolean allowed) {
    return new EndConfig(macs, neighbours, vlan, allowed, reserved, sending, receiving);
  }

  /// The same with or without the protocols of the link itself.
  public EndConfig reserved(boolean allowed) {
    return new EndConfig(macs, neighbours, vlan, trunk, allowed, sending, receiving);
  }

  /// The same with the check of ARP and neighbour discovery or without.
  public EndConfig neighbours(boolean checked) {
    return new EndConfig(macs, checked, vlan, trunk, reserved, sending, receiving);
  }

  /// The same with other limits.
  public EndConfig limits(RateLimit send, RateLimit receive) {
    return new EndConfig(macs, neighbours, vlan, trunk, reserved, send, receive);
  }

  /// Addresses are not learned here but given.
  boolean guarded() {
    return !macs.isEmpty();
  }
}
