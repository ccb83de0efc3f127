package braid.ssi;

/// The life of one member of a bond. A pure function: ([state][MemberState], [Event]) → state,
/// total over all pairs.
///
/// | state | CARRIER_LOST | CARRIER_FOUND | HEALTHY | UNHEALTHY | HELD |
/// |---|---|---|---|---|---|
/// | DOWN | DOWN | PROBING | DOWN | DOWN | DOWN |
/// | PROBING | DOWN | PROBING | HOLDING | PROBING | PROBING |
/// | HOLDING | DOWN | HOLDING | HOLDING | PROBING | UP |
/// | UP | DOWN | UP | UP | PROBING | UP |
///
/// The way to UP leads through HOLDING alone, and one bad moment there starts it again: that is
/// what keeps a flapping member out.
public enum MemberState {
  /// No carrier. Nothing is sent, not even probes. To PROBING when the carrier comes.
  DOWN,
  /// Carrier, but a check has not succeeded yet or has failed. Probes run. To HOLDING when all
  /// checks succeed.
  PROBING,
  /// All checks succeed; it must stay so for the hold time. Used only when no member is UP. To UP
  /// when the time is over, back to PROBING when a check fails.
  HOLDING,
  /// Eligible. Out again when a check fails or the carrier goes.
  UP;

  /// What can happen to a member.
  public enum Event {
    /// The port reports no carrier.
    CARRIER_LOST,
    /// The port reports carrier.
    CARRIER_FOUND,
    /// Every check succeeds.
    HEALTHY,
    /// Some check fails, or has not succeeded yet.
    UNHEALTHY,
    /// The hold time is over.
    HELD
  }

  /// Where `event` leads from here.
  public MemberState on(Event event) {
    return switch (event) {
      case CARRIER_LOST -> DOWN;
      case CARRIER_FOUND -> this == DOWN ? PROBING : this;
      case HEALTHY -> this == PROBING ? HOLDING : this;
      case UNHEALTHY -> this == DOWN ? DOWN : PROBING;
      case HELD -> this == HOLDING ? UP : this;
    };
  }
}
