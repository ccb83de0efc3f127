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

  /// Starts anew: nothing heard, a question due at once.
  default void reset(long now) {
    beat().reset(now);
    suspicion().reset(now);
  }

  /// Nothing could be heard until now: silence and doubt begin here.
  default void deaf(long now) {
    beat().deaf(now);
    suspicion().deaf(now);
  }

  /// A question is due, in rhythm or in doubt.
  default boolean due(long now) {
    return beat().due(now) || suspicion().due(now);
  }

  /// Finds loss, by the rhythm or by doubt. Only after everything received was handled.
  default void look(long now) {
    boolean _ = beat().lost(now);
    if (suspicion().lost(now)) {
      beat().lose();
      suspicion().reset(now);
    }
  }

  /// When [#look] or a question in doubt has something to do with no frame coming.
  default long changesAt(long now) {
    return Math.min(beat().lossAt(), suspicion().changesAt(now));
  }
}
