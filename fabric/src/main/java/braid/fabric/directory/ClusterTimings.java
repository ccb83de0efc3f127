package braid.fabric.directory;

import java.time.Duration;

/// How patient a cluster's directory is. None of these delays a frame.
///
/// | event | noticed after |
/// |---|---|
/// | a process was killed | `verify`: its connections close at once |
/// | a process hangs, a network is cut | `silence` + `verify` |
/// | a cut network is whole again | about 1.6 × `merge` + 1 s |
/// | an owner is gone for good | the above + `grace` |
///
/// @param heartbeat how often a node says that it is there
/// @param silence   after how long without a word a node is suspected; several heartbeats
/// @param verify    how long a suspect has to answer
/// @param merge     longest time between two looks for nodes that are not in the group
/// @param join      how long to look for a group before making one
/// @param grace     how long an owner of an address may be gone until another node gets it
/// @param claim     longest time until a claim succeeds or fails
public record ClusterTimings(
    Duration heartbeat,
    Duration silence,
    Duration verify,
    Duration merge,
    Duration join,
    Duration grace,
    Duration claim) {

  /// For nodes in one room.
  public static final ClusterTimings DEFAULT =
      new ClusterTimings(
          Duration.ofMillis(500),
          Duration.ofMillis(2000),
          Duration.ofMillis(300),
          Duration.ofSeconds(3),
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5));

  /// Checks that each is positive and that a single lost heartbeat suspects nobody.
  public ClusterTimings {
    for (Duration each : new Duration[] {heartbeat, silence, verify, merge, join, claim}) {
      if (!each.isPositive()) {
        throw new IllegalArgumentException("a time of " + each + " is not positive");
      }
    }
    if (grace.isNegative()) {
      throw new IllegalArgumentException("a grace of " + grace + " is negative");
    }
    if (silence.compareTo(heartbeat.multipliedBy(3)) < 0) {
      throw new IllegalArgumentException(
          "silence " + silence + " is shorter than three heartbeats of " + heartbeat);
    }
  }
}
