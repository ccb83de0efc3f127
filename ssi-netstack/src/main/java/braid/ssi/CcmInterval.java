package braid.ssi;

/// How often a continuity check message is sent: the seven rates of IEEE 802.1Q-2018, table 21-16.
public enum CcmInterval {
  /// 300 a second. Loss is noticed after 11.7 ms.
  MS_3_33(1, 10_000_000L / 3),
  /// 100 a second. Loss is noticed after 35 ms.
  MS_10(2, 10_000_000L),
  /// 10 a second. Loss is noticed after 350 ms.
  MS_100(3, 100_000_000L),
  /// One a second. Loss is noticed after 3.5 s.
  S_1(4, 1_000_000_000L),
  /// One in 10 s. Loss is noticed after 35 s.
  S_10(5, 10_000_000_000L),
  /// One a minute. Loss is noticed after 210 s.
  MIN_1(6, 60_000_000_000L),
  /// One in 10 minutes. Loss is noticed after 35 min.
  MIN_10(7, 600_000_000_000L);

  private static final CcmInterval[] BY_CODE = values();

  private final int code;
  private final long nanos;

  CcmInterval(int code, long nanos) {
    this.code = code;
    this.nanos = nanos;
  }

  /// The three-bit code in a message, 1 to 7.
  public int code() {
    return code;
  }

  /// Nanoseconds between two messages.
  public long nanos() {
    return nanos;
  }

  /// Silence that counts as loss: 3.5 intervals (802.1Q-2018, 20.1).
  public long lossNanos() {
    return nanos * 7 / 2;
  }

  /// Whether `code` names an interval: 0 does not.
  static boolean known(int code) {
    return code >= 1 && code <= BY_CODE.length;
  }

  /// The interval of a [#known] code.
  static CcmInterval of(int code) {
    return BY_CODE[code - 1];
  }
}
