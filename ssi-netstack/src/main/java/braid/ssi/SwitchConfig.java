package braid.ssi;

import braid.port.Frame;

/// How a [Switch] behaves; validated whole.
///
/// @param queueFrames how many frames wait for each end, 8 to 65536
/// @param addresses   how many learned addresses are kept, 16 to 1048576
/// @param ageNanos    after how long without a frame from it a learned address is forgotten, 10 s
///                    to 1,000,000 s
/// @param unknown     what becomes of unicast from the uplink for an address nobody knows
/// @param copyFrames  how many copies of flooded frames may exist at a time, 1 to 65536
/// @param copyBytes   longest frame that can be copied, 64 to 65550
/// @param staleNanos  how long a frame waits at most for an end that does not take it, as long as
///                    there is more than one end; 1 ms to 60 s
/// @param gapNanos    how long a frame waits at most for the carrier of the uplink; 1 ms to 60 s
public record SwitchConfig(
    int queueFrames,
    int addresses,
    long ageNanos,
    Unknown unknown,
    int copyFrames,
    int copyBytes,
    long staleNanos,
    long gapNanos) {
  /// What becomes of unicast frames from the uplink whose address is neither given nor learned.
  public enum Unknown {
    /// A copy to each open end of the VLAN: a host that has been silent is still reached. Guarded
    /// ends, whose addresses are all known, never get one.
    FLOOD,
    /// Dropped and counted. Right where every end is guarded; an open end is reached only after it
    /// has sent something.
    DROP
  }

  private static final long MS = 1_000_000;
  private static final long SECOND = 1_000 * MS;

  /// Queues of 256; 4,096 addresses for 300 s (the default of 802.1Q-2018, table 8-6); unknown
  /// unicast is flooded; 256 copies of up to 2,048 bytes; 100 ms in a queue, and for the carrier.
  public static final SwitchConfig DEFAULT =
      new SwitchConfig(256, 4096, 300 * SECOND, Unknown.FLOOD, 256, 2048, 100 * MS, 100 * MS);

  /// For a NIC that bonds share, of this node and of others: as [#DEFAULT], but frames wait 1 s for
  /// the carrier. A bond takes its frames back when it learns of the loss, and a node at work, or a
  /// network between nodes, may be late by more than 100 ms; what the switch drops meanwhile would
  /// count as sent.
  public static final SwitchConfig NIC = DEFAULT.patience(100 * MS, SECOND);

  /// Checks the ranges.
  public SwitchConfig {
    range("queue-frames", queueFrames, 8, 65_536);
    range("addresses", addresses, 16, 1 << 20);
    range("age", ageNanos, 10 * SECOND, 1_000_000 * SECOND);
    range("copy-frames", copyFrames, 1, 65_536);
    range("copy-bytes", copyBytes, 64, Frame.BYTES_MAX);
    range("stale", staleNanos, MS, 60 * SECOND);
    range("gap", gapNanos, MS, 60 * SECOND);
  }

  private static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(name + " is " + least + " to " + most + ", not " + value);
    }
  }

  /// The same with queues of another length.
  public SwitchConfig queueFrames(int frames) {
    return new SwitchConfig(
        frames, addresses, ageNanos, unknown, copyFrames, copyBytes, staleNanos, gapNanos);
  }

  /// The same with another address table.
  public SwitchConfig addresses(int most, long age) {
    return new SwitchConfig(
        queueFrames, most, age, unknown, copyFrames, copyBytes, staleNanos, gapNanos);
  }

  /// The same with another policy for unknown unicast.
  public SwitchConfig unknown(Unknown policy) {
    return new SwitchConfig(
        queueFrames, addresses, ageNanos, policy, copyFrames, copyBytes, staleNanos, gapNanos);
  }

  /// The same with other copies.
  public SwitchConfig copies(int frames, int bytes) {
    return new SwitchConfig(
        queueFrames, addresses, ageNanos, unknown, frames, bytes, staleNanos, gapNanos);
  }

  /// The same with frames waiting longer or shorter.
  public SwitchConfig patience(long stale, long gap) {
    return new SwitchConfig(
        queueFrames, addresses, ageNanos, unknown, copyFrames, copyBytes, stale, gap);
  }
}
