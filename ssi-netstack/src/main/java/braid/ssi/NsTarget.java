package braid.ssi;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/// An IPv6 host beyond the members that must answer neighbour solicitations on each of them: what
/// [ArpTarget] is for IPv4. The question comes from a link-local address made of the member's probe
/// MAC, which is nobody's on the host.
///
/// @param high          first 8 bytes of the address
/// @param low           last 8 bytes
/// @param intervalNanos between two probes; 1 ms to 60 s
/// @param missedMax     probes in a row without an answer that count as loss, 1 to 100
public record NsTarget(long high, long low, long intervalNanos, int missedMax) implements Monitor {
  /// Checks the ranges.
  public NsTarget {
    if ((high == 0 && low <= 1 && low >= 0) || high >>> 56 == 0xff) {
      throw new IllegalArgumentException("ns target is a host's address");
    }
    if (intervalNanos < 1_000_000 || intervalNanos > 60_000_000_000L) {
      throw new IllegalArgumentException(
          "ns interval is 1 ms to 60 s, not " + intervalNanos + " ns");
    }
    if (missedMax < 1 || missedMax > 100) {
      throw new IllegalArgumentException("ns missed-max is 1 to 100, not " + missedMax);
    }
  }

  /// A target probed every 10 ms that may miss 3 answers.
  ///
  /// @param address as text, for instance `2001:db8::1`, without a zone
  /// @throws IllegalArgumentException when it is no IPv6 address
  public static NsTarget of(String address) {
    InetAddress parsed = InetAddress.ofLiteral(address);
    if (!(parsed instanceof Inet6Address)) {
      throw new IllegalArgumentException("not an IPv6 address: " + address);
    }
    ByteBuffer bytes = ByteBuffer.wrap(parsed.getAddress());
    return new NsTarget(bytes.getLong(), bytes.getLong(), 10_000_000, 3);
  }

  /// Silence that counts as loss: the probes missed and half an interval.
  long lossNanos() {
    return missedMax * intervalNanos + intervalNanos / 2;
  }
}
