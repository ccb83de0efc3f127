package braid.cli.operator;

import java.time.Duration;
import java.util.Locale;

/// Numbers as people read them.
final class Units {
  private Units() {}

  /// A line rate: `100M`, `2.5G`; `-` for unknown.
  static String speed(long mbps) {
    if (mbps == 0) {
      return "-";
    }
    return mbps < 1000
        ? mbps + "M"
        : String.format(Locale.ROOT, "%.1fG", mbps / 1000.0).replace(".0G", "G");
  }

  /// A count of frames: exact up to five digits, then `123k`, `4.5M`, `6.7G`.
  static String count(long value) {
    return scaled(value, 100_000, 1000, "kMGT");
  }

  /// Bytes: `999`, `1.5K`, `3.0M`, powers of 1024.
  static String bytes(long value) {
    return scaled(value, 10_000, 1024, "KMGT");
  }

  private static String scaled(long value, long exact, int base, String units) {
    if (value < exact) {
      return String.valueOf(value);
    }
    double left = value;
    int unit = -1;
    while (left >= base && unit < units.length() - 1) {
      left /= base;
      unit++;
    }
    return String.format(Locale.ROOT, left < 100 ? "%.1f" : "%.0f", left) + units.charAt(unit);
  }

  /// A span of time: `45s`, `3m20s`, `5h10m`, `12d3h`.
  static String span(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3600) {
      return seconds / 60 + "m" + seconds % 60 + "s";
    }
    return seconds < 86_400
        ? seconds / 3600 + "h" + seconds % 3600 / 60 + "m"
        : seconds / 86_400 + "d" + seconds % 86_400 / 3600 + "h";
  }

  /// Microseconds of silence on a path: `3.1ms`; `-` for none heard.
  static String silence(long micros) {
    return micros == 0 ? "-" : String.format(Locale.ROOT, "%.1fms", micros / 1000.0);
  }
}
