package braid.ssi;

import braid.port.Frame;

/// Which member carries a frame: one implementation for each way. The bond's worker only.
sealed interface Steering permits OneMember, RoundRobin, HashSteering, Flowlets, TransmitBalance {
  /// The member for `frame`. May keep what it learns from it, not the frame.
  ///
  /// @param crew at least one member
  Member pick(Frame frame, Crew crew, long now);

  /// A member is no more; forget it.
  default void left(Member member) {}
}
