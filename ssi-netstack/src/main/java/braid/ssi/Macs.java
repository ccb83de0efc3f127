package braid.ssi;

import java.util.List;
import java.util.stream.Collectors;

/// MAC addresses as the low 48 bits of a long.
final class Macs {
  private static final long GROUP = 0x0100_0000_0000L;
  private static final long LOCAL = 0x0200_0000_0000L;

  private Macs() {}

  /// Refuses what is not a station's address.
  static void check(long mac) {
    if (!station(mac) || mac > Wire.BROADCAST) {
      throw new IllegalArgumentException("not a unicast MAC: " + Long.toHexString(mac));
    }
  }

  /// An address that one station can have, and so a source: not zero, not of a group.
  static boolean station(long mac) {
    return mac > 0 && !group(mac);
  }

  /// An address of many: broadcast or multicast.
  static boolean group(long mac) {
    return (mac & GROUP) != 0;
  }

  /// The address a member probes from. It is never a host's: a probe from a backup member with
  /// a host's address would draw the host's traffic to that member's switch port.
  static long probe(long member, LocalAddresses hosts) {
    return hosts.contains(member) ? (member ^ 0x80_0000L) | LOCAL : member;
  }

  /// For messages: two digits a byte, colons between.
  static String text(long mac) {
    return "%012x".formatted(mac).replaceAll("(..)(?!$)", "$1:");
  }

  /// For messages.
  static String text(List<Long> macs) {
    return macs.stream().map(Macs::text).collect(Collectors.joining(", "));
  }
}
