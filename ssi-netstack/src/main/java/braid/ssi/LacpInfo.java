package braid.ssi;

/// One end of a link as an LACPDU tells of it (IEEE 802.1AX-2014, 6.4.2.3). Lower priorities are
/// higher.
///
/// @param systemPriority of the system, 16 bits
/// @param system         MAC that identifies the system, 0 for nobody
/// @param key            links of one system with the same key may aggregate, 16 bits
/// @param portPriority   of the port, 16 bits
/// @param port           number within the system, 16 bits
/// @param state          8 flags
public record LacpInfo(
    int systemPriority, long system, int key, int portPriority, int port, int state) {
  /// Sends without being asked.
  public static final int ACTIVE = 0x01;

  /// Wants to hear once a second rather than once in 30 s.
  public static final int SHORT_TIMEOUT = 0x02;

  /// May share an aggregator with other links.
  public static final int AGGREGATION = 0x04;

  /// Has the link in the right aggregator.
  public static final int SYNC = 0x08;

  /// Takes frames from the link.
  public static final int COLLECTING = 0x10;

  /// Puts frames on the link.
  public static final int DISTRIBUTING = 0x20;

  /// Has heard nobody, and goes by its default.
  public static final int DEFAULTED = 0x40;

  /// Has lost its partner lately.
  public static final int EXPIRED = 0x80;

  /// What is assumed of a far end that does not speak LACP: a single link that works, so that a
  /// bond at a switch without LACP has one usable member. It is spoken to once a second, whatever
  /// the rate: who lost us, or comes late, finds us soon.
  static final LacpInfo NOBODY =
      new LacpInfo(0, 0, 0, 0, 0, SHORT_TIMEOUT | SYNC | COLLECTING | DISTRIBUTING);

  /// All of these flags are set.
  public boolean is(int flags) {
    return (state & flags) == flags;
  }

  LacpInfo with(int flags) {
    return new LacpInfo(systemPriority, system, key, portPriority, port, state | flags);
  }

  LacpInfo without(int flags) {
    return new LacpInfo(systemPriority, system, key, portPriority, port, state & ~flags);
  }

  /// This is somebody whose system identifier is the lower, hence the higher in rank.
  boolean leads(LacpInfo other) {
    return this.system != 0
        && (systemPriority != other.systemPriority
            ? systemPriority < other.systemPriority
            : system < other.system);
  }

  /// The same port of the same system, with the same key, and as willing to aggregate.
  boolean sameEnd(LacpInfo other) {
    return systemPriority == other.systemPriority
        && system == other.system
        && key == other.key
        && portPriority == other.portPriority
        && port == other.port
        && is(AGGREGATION) == other.is(AGGREGATION);
  }
}
