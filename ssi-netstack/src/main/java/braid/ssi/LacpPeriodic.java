package braid.ssi;

/// The periodic transmission machine of one link (IEEE 802.1AX-2014, 6.4.13): when an LACPDU is due
/// although there is no news. A pure function, total over all inputs.
///
/// | state | nobody may speak | timer | partner wants fast | partner wants slow |
/// |---|---|---|---|---|
/// | NONE | NONE | FAST | FAST | FAST |
/// | FAST | NONE | TRANSMIT | FAST | SLOW |
/// | SLOW | NONE | TRANSMIT | TRANSMIT | SLOW |
/// | TRANSMIT | NONE | FAST or SLOW | FAST | SLOW |
///
/// From NONE it goes on to FAST and only there to the pace wanted. TRANSMIT lasts no time.
enum LacpPeriodic {
  /// No carrier, or neither end is active.
  NONE,
  /// Once a second.
  FAST,
  /// Once in 30 s.
  SLOW,
  /// One is due now.
  TRANSMIT;

  /// The next state, this one when nothing changes.
  ///
  /// @param speaks  there is carrier and one end is active
  /// @param fast    the partner wants short timeouts
  /// @param expired the timer that belongs to this state is over
  LacpPeriodic next(boolean speaks, boolean fast, boolean expired) {
    if (!speaks) {
      return NONE;
    }
    return switch (this) {
      case NONE -> FAST;
      case FAST -> expired ? TRANSMIT : fast ? FAST : SLOW;
      case SLOW -> expired || fast ? TRANSMIT : SLOW;
      case TRANSMIT -> fast ? FAST : SLOW;
    };
  }
}
