package braid.fabric;

/// How long things may take, in nanoseconds.
///
/// @param redialFirst wait before the first new attempt after a connection ended
/// @param redialMost  the wait doubles with each failed attempt up to this
/// @param handshake   TCP and TLS must be done
/// @param hello       the peer must say who it is, after TLS
/// @param ping        silence after which the peer is asked for a sign of life
/// @param hung        silence after which the connection is given up
/// @param retain      how long frames without an answer wait for the connection to come back
/// @param session     how long the far end of a cut connection waits for its user to return
public record Timing(
    long redialFirst,
    long redialMost,
    long handshake,
    long hello,
    long ping,
    long hung,
    long retain,
    long session) {
  private static final long MS = 1_000_000;

  /// 10 ms to 1 s between attempts; 5 s for TLS, 2 s for the greeting; a sign of life each 250 ms,
  /// at the latest after 1 s; frames wait 1 s, sessions 10 s.
  public static final Timing DEFAULT =
      new Timing(
          10 * MS, 1000 * MS, 5000 * MS, 2000 * MS, 250 * MS, 1000 * MS, 1000 * MS, 10_000 * MS);

  /// Checks the ranges.
  public Timing {
    check("redialFirst", redialFirst, MS, 60_000 * MS);
    check("redialMost", redialMost, redialFirst, 600_000 * MS);
    check("handshake", handshake, 10 * MS, 60_000 * MS);
    check("hello", hello, 10 * MS, 60_000 * MS);
    check("ping", ping, MS, 60_000 * MS);
    check("hung", hung, 2 * ping, 600_000 * MS);
    check("retain", retain, MS, 60_000 * MS);
    check("session", session, retain, 3_600_000 * MS);
  }

  private static void check(String what, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "fabric time " + what + " " + value + " ns: use " + least + " to " + most);
    }
  }
}
