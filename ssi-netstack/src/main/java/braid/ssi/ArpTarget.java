package braid.ssi;

/// An IPv4 host beyond the members that must answer ARP on each of them. The probe names no sender
/// address (0.0.0.0, RFC 5227 2.1.1), so it fills nobody's ARP table; the answer comes to the
/// member's probe MAC.
///
/// A target that answers on no member at all says nothing about the members: then their other
/// checks decide alone.
///
/// @param address       the host, network order in an int: 10.0.0.1 is 0x0a000001
/// @param intervalNanos between two probes; 1 ms to 60 s
/// @param missedMax     probes in a row without an answer that count as loss, 1 to 100
public record ArpTarget(int address, long intervalNanos, int missedMax) implements Monitor {
  /// Checks the ranges.
  public ArpTarget {
    if (address == 0 || address >>> 28 >= 0xe) {
      throw new IllegalArgumentException("arp target is a host's address, not " + text(address));
    }
    if (intervalNanos < 1_000_000 || intervalNanos > 60_000_000_000L) {
      throw new IllegalArgumentException(
          "arp interval is 1 ms to 60 s, not " + intervalNanos + " ns");
    }
    if (missedMax < 1 || missedMax > 100) {
      throw new IllegalArgumentException("arp missed-max is 1 to 100, not " + missedMax);
    }
  }

  /// A target probed every 10 ms that may miss 3 answers.
  ///
  /// @param address dotted, for instance `10.0.0.1`
  public static ArpTarget of(String address) {
    return new ArpTarget(parse(address), 10_000_000, 3);
  }

  /// Reads a dotted address into network order.
  ///
  /// @throws IllegalArgumentException when it is none
  public static int parse(String address) {
    String[] parts = address.split("\\.", -1);
    int value = 0;
    boolean valid = parts.length == 4;
    for (int i = 0; valid && i < 4; i++) {
      valid = parts[i].matches("[0-9]{1,3}") && Integer.parseInt(parts[i]) <= 255;
      value = valid ? value << 8 | Integer.parseInt(parts[i]) : 0;
    }
    if (!valid) {
      throw new IllegalArgumentException("not an IPv4 address: " + address);
    }
    return value;
  }

  /// Silence that counts as loss: the probes missed and half an interval.
  long lossNanos() {
    return missedMax * intervalNanos + intervalNanos / 2;
  }

  private static String text(int address) {
    return (address >>> 24)
        + "."
        + (address >>> 16 & 255)
        + "."
        + (address >>> 8 & 255)
        + "."
        + (address & 255);
  }
}
