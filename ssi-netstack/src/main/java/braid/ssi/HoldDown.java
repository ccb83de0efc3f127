package braid.ssi;

/// How long a member must stay healthy before it is eligible again. A value; each failure gives the
/// next.
///
/// A member that never failed waits for nothing where it is the first. Where others carry the
/// traffic already, a newcomer waits the base time: the node it belongs to may have begun this
/// moment, and its code run cold. After a failure it waits the base time; when it fails again soon
/// after it came up, the time doubles, up to the cap.
///
/// @param nanos      the present hold time
/// @param baseNanos  after one failure
/// @param maxNanos   the cap
/// @param flapNanos  a failure this soon after coming up is flapping
record HoldDown(long nanos, long baseNanos, long maxNanos, long flapNanos) {
  static HoldDown none(BondConfig.Health config) {
    return new HoldDown(0, config.holdNanos(), config.holdMaxNanos(), config.flapNanos());
  }

  /// The same history under other settings.
  HoldDown with(BondConfig.Health config) {
    long present = nanos == 0 ? 0 : Math.clamp(nanos, config.holdNanos(), config.holdMaxNanos());
    return new HoldDown(present, config.holdNanos(), config.holdMaxNanos(), config.flapNanos());
  }

  /// A newcomer where others carry the traffic.
  HoldDown newcomer() {
    return nanos == 0 ? new HoldDown(baseNanos, baseNanos, maxNanos, flapNanos) : this;
  }

  /// The hold time after a failure `upNanos` after the member came up.
  HoldDown afterFailure(long upNanos) {
    boolean flapping = nanos > 0 && upNanos < flapNanos;
    long next = flapping ? Math.min(maxNanos, nanos * 2) : baseNanos;
    return new HoldDown(next, baseNanos, maxNanos, flapNanos);
  }
}
