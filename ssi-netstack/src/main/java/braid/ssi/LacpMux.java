package braid.ssi;

/// The mux machine of one link with independent control of both directions (IEEE 802.1AX-2014,
/// 6.4.15, figure 6-21). A pure function, total over all inputs: what it asks is whether the link
/// is [LacpSelection#SELECTED], ready, and whether the partner is in sync and collecting.
///
/// | state | to | when |
/// |---|---|---|
/// | DETACHED | WAITING | selected or standby |
/// | WAITING | DETACHED | unselected |
/// | | ATTACHED | selected and ready |
/// | ATTACHED | DETACHED | not selected |
/// | | COLLECTING | selected and partner in sync |
/// | COLLECTING | ATTACHED | not selected, or partner out of sync |
/// | | DISTRIBUTING | selected, partner in sync and collecting |
/// | DISTRIBUTING | COLLECTING | not selected, or partner out of sync or not collecting |
///
/// Each step is one row: from DISTRIBUTING to DETACHED takes three.
public enum LacpMux {
  /// In no aggregator.
  DETACHED,
  /// Chosen, but others may be about to join: 2 s.
  WAITING,
  /// In its aggregator; the partner is told that we are in sync.
  ATTACHED,
  /// Frames from the link are taken.
  COLLECTING,
  /// Frames are put on the link, too.
  DISTRIBUTING;

  /// The next state, this one when nothing changes.
  ///
  /// @param selection  what the selection logic made of the link
  /// @param ready      all links that wait for the aggregator have waited long enough
  /// @param sync       the partner is in sync
  /// @param collecting the partner collects
  LacpMux next(LacpSelection selection, boolean ready, boolean sync, boolean collecting) {
    boolean selected = selection == LacpSelection.SELECTED;
    return switch (this) {
      case DETACHED -> selection == LacpSelection.UNSELECTED ? DETACHED : WAITING;
      case WAITING -> {
        LacpMux onward = selected && ready ? ATTACHED : WAITING;
        yield selection == LacpSelection.UNSELECTED ? DETACHED : onward;
      }
      case ATTACHED -> !selected ? DETACHED : sync ? COLLECTING : ATTACHED;
      case COLLECTING -> !selected || !sync ? ATTACHED : collecting ? DISTRIBUTING : COLLECTING;
      case DISTRIBUTING -> selected && sync && collecting ? DISTRIBUTING : COLLECTING;
    };
  }
}
