package braid.ssi;

import braid.port.Frame;

/// Asks one host beyond the member again and again. No I/O; time is an argument.
sealed interface TargetProbe permits ArpProbe, NsProbe {
  /// When to ask, and when silence is loss.
  Heartbeat beat();

  /// When to ask sooner, since data has stopped.
  Suspicion suspicion();

  /// `frame` of EtherType `type` is the target's answer to our question.
  boolean answers(Frame frame, int type);

  /// Writes the next question.
  void write(Frame frame, long now);
}
