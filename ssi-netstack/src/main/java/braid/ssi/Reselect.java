package braid.ssi;

/// When a bond leaves a member that works for one of higher rank that came back.
public enum Reselect {
  /// As soon as one of higher rank is eligible.
  ALWAYS,
  /// When one of higher rank is eligible and its line is faster.
  BETTER,
  /// Never: only when the member in use fails.
  FAILURE
}
