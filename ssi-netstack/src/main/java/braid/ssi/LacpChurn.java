package braid.ssi;

/// The churn detection machine, one for each end of a link (IEEE 802.1AX-2014, 6.4.17): a link that
/// does not get in sync within 60 s is misconfigured. It only tells. A pure function.
///
/// | state | no carrier | in sync | not in sync | timer |
/// |---|---|---|---|---|
/// | MONITOR | MONITOR | NONE | MONITOR | CHURN |
/// | NONE | MONITOR | NONE | MONITOR | NONE |
/// | CHURN | MONITOR | NONE | CHURN | CHURN |
public enum LacpChurn {
  /// It may still get in sync.
  MONITOR,
  /// In sync.
  NONE,
  /// It did not get in sync in time.
  CHURN;

  /// The next state.
  ///
  /// @param enabled there is carrier
  /// @param sync    the end in question is in sync
  /// @param expired 60 s in MONITOR are over
  LacpChurn next(boolean enabled, boolean sync, boolean expired) {
    if (!enabled) {
      return MONITOR;
    }
    if (sync) {
      return NONE;
    }
    return switch (this) {
      case MONITOR -> expired ? CHURN : MONITOR;
      case NONE -> MONITOR;
      case CHURN -> CHURN;
    };
  }
}
