package braid.ssi;

import java.util.List;

/// The links that lead to one partner with one key, as the choice among them sees it. Pure.
///
/// Compared like Linux's `ad_agg_selection_test`, with two rules of ours: what can meet min-links
/// stands above what cannot; and where two systems could use this aggregator or that one between
/// them, the one with the lower identifier decides and the other follows, lest each wait for the
/// other for ever.
///
/// @param lag       what they have in common
/// @param partnered somebody speaks LACP there
/// @param decided   the partner's identifier is the lower one and it is in sync here
/// @param inUse     at least one link distributes
/// @param ready     links that could carry traffic at once
/// @param bandwidth of those, in Mbit/s
record Aggregate(
    Lag lag, boolean partnered, boolean decided, boolean inUse, int ready, long bandwidth) {
  static final int NONE = -1;

  /// What links must have in common to share an aggregator.
  ///
  /// @param key             ours
  /// @param systemPriority  the partner's
  /// @param system          the partner's, 0 for nobody
  /// @param partnerKey      the partner's
  /// @param alone           number of the port if it must not share, else 0
  record Lag(int key, int systemPriority, long system, int partnerKey, int alone) {
    boolean individual() {
      return alone != 0;
    }
  }

  /// The index of the aggregate to use, [#NONE] when there is none.
  ///
  /// @param all         in the order of their first links
  /// @param current     index of the one in use, or [#NONE]
  /// @param linksNeeded how many links make one good enough
  static int choose(List<Aggregate> all, int current, int linksNeeded, AdSelect select) {
    // Among equals the one in use stays, whatever the policy.
    int best = current;
    for (int i = 0; i < all.size(); i++) {
      if (best == NONE || all.get(i).betterThan(all.get(best), linksNeeded, select)) {
        best = i;
      }
    }
    if (current == NONE || select != AdSelect.STABLE) {
      return best;
    }
    return all.get(current).stays(all.get(best), linksNeeded) ? current : best;
  }

  private boolean stays(Aggregate best, int linksNeeded) {
    return inUse
        && (partnered || !best.partnered)
        && (ready >= linksNeeded || best.ready < linksNeeded);
  }

  private boolean betterThan(Aggregate other, int linksNeeded, AdSelect select) {
    boolean enough = ready >= linksNeeded;
    if (enough != other.ready >= linksNeeded) {
      return enough;
    }
    if (lag.individual() != other.lag.individual()) {
      return !lag.individual();
    }
    if (partnered != other.partnered) {
      return partnered;
    }
    if (decided != other.decided) {
      return decided;
    }
    if (select == AdSelect.COUNT && ready != other.ready) {
      return ready > other.ready;
    }
    return bandwidth > other.bandwidth;
  }
}
