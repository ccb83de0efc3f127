package braid.cli;

import java.nio.charset.StandardCharsets;

/// MAC addresses as the low 48 bits of a long: text, and addresses that we make.
final class Macs {
  private static final long OFFSET = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;
  private static final long LOCAL = 0x02L << 40;

  private Macs() {}

  /// A locally administered unicast address that is always the same for the same name (FNV-1a).
  static long of(String name) {
    long hash = OFFSET;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ b) * PRIME;
    }
    return LOCAL | ((hash ^ (hash >>> 32)) & 0xff_ffff_ffffL);
  }

  /// As people write it.
  static String text(long mac) {
    StringBuilder text = new StringBuilder();
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(String.format("%02x", mac >> shift & 0xff)).append(shift == 0 ? "" : ":");
    }
    return text.toString();
  }
}
