package braid.ssi;

/// Why a bond changed its active member.
public enum Reason {
  /// There was none before.
  FIRST,
  /// The carrier of the one in use went.
  CARRIER,
  /// The node behind it fell silent.
  CONTINUITY,
  /// The node behind it does not hear us.
  REMOTE_DEFECT,
  /// The node behind it says that its own NIC is down.
  UPLINK_DOWN,
  /// The ARP target no longer answers through it.
  TARGET,
  /// The operator wants it empty.
  DRAINED,
  /// It was taken out.
  REMOVED,
  /// One of higher rank came back.
  FAIL_BACK,
  /// The operator chose.
  MANUAL,
  /// The bond's configuration changed.
  RECONFIGURED
}
