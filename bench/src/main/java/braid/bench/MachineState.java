package braid.bench;

/// Where the host has put our two processors, told by the round trip of a cache line between them.
enum MachineState {
  /// Two threads of one core: 30 to 50 ns.
  SMT(15, 52),
  /// Two cores on one level-3 cache: 65 to 120 ns.
  NEAR(52, 200),
  /// Two dies: 300 to 540 ns.
  FAR(200, 900),
  /// No class fits: moved during the probe, or something else ran.
  MIXED(0, Double.MAX_VALUE);

  /// Probes further apart than this are not one state, whatever their class.
  private static final double SPREAD = 1.3;

  private final double least;
  private final double below;

  MachineState(double least, double below) {
    this.least = least;
    this.below = below;
  }

  /// The state that a round trip of `nanos` tells.
  static MachineState of(double nanos) {
    for (MachineState state : values()) {
      if (nanos >= state.least && nanos < state.below) {
        return state;
      }
    }
    return MIXED;
  }

  /// The state that all three probes tell, [#MIXED] when they differ.
  static MachineState of(double before, double between, double after) {
    MachineState state = of(before);
    double least = Math.min(before, Math.min(between, after));
    double most = Math.max(before, Math.max(between, after));
    boolean same = state == of(between) && state == of(after) && most <= least * SPREAD;
    return same ? state : MIXED;
  }
}
