package braid.ssi;

/// A continuity check in band between a guest's bond and the node behind a member: both ends send
/// messages at an interval, and 3.5 intervals of silence are a dead path (IEEE 802.1Q-2018,
/// clause 20).
///
/// The node must run a [MepPort] with the same `maid` and `level`; without one, no member ever
/// becomes eligible.
///
/// @param interval how often to send; a [MepPort] follows the guest's
/// @param maid     short name of the maintenance association, 1 to 45 bytes of ASCII; messages of
///                 another are somebody else's and pass as data
/// @param level    maintenance domain level 0 to 7; 0 is the level of one link
/// @param mepId    this end's number in the association, 1 to 8191; the far end has another
public record Continuity(CcmInterval interval, String maid, int level, int mepId)
    implements Monitor {
  /// The guest's end: every 10 ms, association "braid", level 0, number 1.
  public static final Continuity GUEST = new Continuity(CcmInterval.MS_10, "braid", 0, 1);

  /// The node's end: as the guest's, number 2.
  public static final Continuity NODE = new Continuity(CcmInterval.MS_10, "braid", 0, 2);

  /// Checks the ranges.
  public Continuity {
    if (level < 0 || level > 7) {
      throw new IllegalArgumentException("continuity level is 0 to 7, not " + level);
    }
    if (mepId < 1 || mepId > 8191) {
      throw new IllegalArgumentException("continuity mep-id is 1 to 8191, not " + mepId);
    }
    Maid.check(maid);
  }

  /// The same at another interval.
  public Continuity every(CcmInterval other) {
    return new Continuity(other, maid, level, mepId);
  }
}
