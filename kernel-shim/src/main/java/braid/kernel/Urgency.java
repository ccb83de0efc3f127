package braid.kernel;

/// How soon the kernel runs a thread that has become ready.
///
/// A data path sleeps most of the time and has little to do when it is woken, but that at once:
/// beside busy threads of equal rank it would wait for their slices, some milliseconds each.
/// Real-time classes are not asked for: the kernel stops those for tens of milliseconds when they
/// have used their share of a second, and a worker under load would.
public final class Urgency {
  private static final int MOST_URGENT = -20;

  private Urgency() {}

  /// Puts the calling thread before others (nice -20). Without the right to do so (CAP_SYS_NICE)
  /// everything stays as it is.
  ///
  /// @return whether the kernel agreed
  public static boolean raise() {
    return LinuxThread.nice(MOST_URGENT) == 0;
  }
}
