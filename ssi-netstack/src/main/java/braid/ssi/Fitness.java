package braid.ssi;

/// How fit a member is for use, best first.
public enum Fitness {
  /// Eligible.
  UP,
  /// Healthy, still held down.
  HOLDING,
  /// One of the above, but the operator wants it empty. Better than a path that may lose frames.
  DRAINING,
  /// The path to the node is healthy, the target beyond is silent.
  DOUBTFUL,
  /// The same, and the operator wants it empty. Still better than a path that is dead.
  DRAINING_DOUBTFUL,
  /// The node behind it was heard and fell silent, its carrier is there: the last resort. All being
  /// silent at once is more often our own pause than theirs.
  SILENT,
  /// No use.
  DEAD;

  /// Every check succeeds.
  boolean healthy() {
    return compareTo(HOLDING) <= 0;
  }
}
