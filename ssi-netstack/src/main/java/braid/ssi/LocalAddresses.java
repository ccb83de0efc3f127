package braid.ssi;

/// The MAC addresses of the hosts on this side of a bond: one host's, or those that a [Switch]
/// knows at its ends.
///
/// **Thread**: the worker's. MACs are the low 48 bits of a long.
public interface LocalAddresses {
  /// `mac` belongs to a host on this side.
  boolean contains(long mac);

  /// One of them, always the same while it lasts, to speak for all; 0 when none is known.
  long first();

  /// Just one host.
  static LocalAddresses of(long mac) {
    Macs.check(mac);
    return new LocalAddresses() {
      @Override
      public boolean contains(long other) {
        return other == mac;
      }

      @Override
      public long first() {
        return mac;
      }
    };
  }
}
