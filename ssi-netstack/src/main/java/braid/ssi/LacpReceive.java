package braid.ssi;

/// The receive machine of one link (IEEE 802.1AX-2014, 6.4.12). A pure function: (state, [Event]) →
/// state, total over all pairs. INITIALIZE is the constructor; LACP_DISABLED does not exist, since
/// all links here are full duplex.
///
/// | state | DISABLED | ENABLED | PDU | TIMEOUT |
/// |---|---|---|---|---|
/// | PORT_DISABLED | PORT_DISABLED | EXPIRED | PORT_DISABLED | PORT_DISABLED |
/// | EXPIRED | PORT_DISABLED | EXPIRED | CURRENT | DEFAULTED |
/// | DEFAULTED | PORT_DISABLED | DEFAULTED | CURRENT | DEFAULTED |
/// | CURRENT | PORT_DISABLED | CURRENT | CURRENT | EXPIRED |
public enum LacpReceive {
  /// No carrier. What was known of the partner is remembered, in case it is the same afterwards.
  PORT_DISABLED,
  /// Nothing heard since the carrier came, or for the timeout: 3 s more, then it counts as gone.
  EXPIRED,
  /// Nobody speaks LACP there: a single link.
  DEFAULTED,
  /// The partner speaks.
  CURRENT;

  /// What can happen to the receiver.
  enum Event {
    /// The carrier went.
    DISABLED,
    /// The carrier is there.
    ENABLED,
    /// A proper LACPDU came.
    PDU,
    /// None came for as long as is borne.
    TIMEOUT
  }

  /// Where `event` leads from here.
  LacpReceive on(Event event) {
    return switch (event) {
      case DISABLED -> PORT_DISABLED;
      case ENABLED -> this == PORT_DISABLED ? EXPIRED : this;
      case PDU -> this == PORT_DISABLED ? this : CURRENT;
      case TIMEOUT ->
          switch (this) {
            case CURRENT -> EXPIRED;
            case EXPIRED -> DEFAULTED;
            case DEFAULTED, PORT_DISABLED -> this;
          };
    };
  }
}
