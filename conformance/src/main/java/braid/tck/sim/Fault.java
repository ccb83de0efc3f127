package braid.tck.sim;

/// What can go wrong, or be asked for, in a run.
public enum Fault {
  /// A NIC loses its carrier for a while.
  CARRIER,
  /// A NIC's carrier comes and goes several times, fast.
  FLAP,
  /// A NIC sends a hundred times slower.
  SLOW_NIC,
  /// The network between two nodes is cut, both ways.
  CUT,
  /// The network between two nodes is cut, one way.
  HALF_CUT,
  /// All connections between two nodes are reset.
  RESET,
  /// A process stands still.
  PAUSE,
  /// A process is killed, and begins anew after a while.
  KILL,
  /// A NIC's cable carries nothing, and no carrier shows it.
  SILENCE,
  /// A NIC's cable loses, doubles and delays frames.
  NOISE,
  /// A guest takes and sends nothing.
  BUSY_GUEST,
  /// The operator sets the active member.
  SET_ACTIVE,
  /// The operator drains a member, and takes that back.
  DRAIN
}
