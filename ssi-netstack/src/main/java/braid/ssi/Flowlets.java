package braid.ssi;

import braid.port.Frame;
import org.jspecify.annotations.Nullable;

/// Places each flow on the least loaded member, and moves it only in a gap.
///
/// **Theory of operation.** A flow stays where it is as long as it sends without a gap longer than
/// the paths differ in delay: then no frame can overtake an earlier one, whatever the load does. A
/// gap counts only when the member's device has completed what it had of the flow: one that hangs
/// may hold it for longer. So
/// the choice when a flow begins decides, and it is made by the number of flows that are bulk or
/// may become it ([Load]) before the bytes of the moment: of four flows that begin together on
/// three members none finds a member with two while another has none.
///
/// **Weight.** A member's flows count in proportion to its speed: of two members of 1 Gbit/s and
/// 100 Mbit/s the slower gets a flow for every ten of the faster.
///
/// **Near ones first.** While a member of this node is not full, new flows go there: one that is in
/// bulk use already, or used above the configured share of its speed, or without room, is full.
/// With the near ones full all members count alike, so that greedy flows spread over all; a flow in
/// a gap comes back when a near one is free again. So a few small flows stay near, and a second
/// bulk flow goes far rather than share.
///
/// **What is its own** does not count against the member where it is, neither as a flow nor as use.
/// Else a flow alone on a full member would take the place beside one that just recovers for the
/// better one, and then two members have two flows each, without gaps, and the third none.
///
/// **What a flow is presumed to be** until there was time to see: a new TCP flow, and one that
/// begins to send large frames, may become bulk and counts as a whole flow; anything else counts a
/// sixteenth. A flow that ends (FIN, RST) no longer counts, so short connections one after the
/// other all stay near.
///
/// **Full members.** A flow that must not move keeps its member even without room; the port drops
/// and counts. One that may move avoids it.
final class Flowlets implements Steering {
  private static final int MAYBE_BULK = Load.BULK_BYTES;
  private static final int SMALL = Load.BULK_BYTES / 16;

  /// Bytes of a frame from which on it is large: a full one, or the first of QUIC.
  private static final int LARGE_FRAME = 1_000;

  /// A change must gain this much of a flow.
  private static final double GAIN = 0.5;

  /// Loads that differ less are alike.
  private static final double ALIKE = 0.05;

  private static final int FIN = 1;
  private static final int RST = 4;

  private final FlowTable flows = new FlowTable();
  private final @Nullable Member[] bySlot = new @Nullable Member[Limits.MEMBERS];
  private final FlowKey key = new FlowKey();
  private final boolean nearFirst;
  private BondConfig.Balance config;

  /// @param nearFirst members of this node are preferred if the configuration says so
  Flowlets(BondConfig.Balance config, boolean nearFirst) {
    this.config = config;
    this.nearFirst = nearFirst;
  }

  /// Other options; flows stay where they are.
  void reconfigure(BondConfig.Balance next) {
    config = next;
  }

  @Override
  public void left(Member member) {
    flows.forget(member.slot());
    bySlot[member.slot()] = null;
  }

  @Override
  public Member pick(Frame frame, Crew crew, long now) {
    int place = FlowTable.place(key.of(frame));
    long period = Load.period(now);
    int slot = flows.slot(place);
    Member member = slot == FlowTable.NONE ? null : bySlot[slot];
    if (member == null || !member.keepsFlows(now)) {
      member = move(place, member, crew, presumption(member == null, frame), now);
    } else if (gap(place, member, now)) {
      member = move(place, member, crew, presumption(false, frame), now);
    }
    flows.seen(place, now);
    flows.sent(place, member.out().sent() + 1);
    count(place, member, frame.length(), period, now);
    if ((key.tcpFlags() & (FIN | RST)) != 0) {
      unplace(place, member, period, now);
    }
    return member;
  }

  /// It was silent for long enough, and its frames are not still in the member's device.
  private boolean gap(int place, Member member, long now) {
    return now - flows.seen(place) > config.flowletGapNanos()
        && member.out().completed(flows.sent(place));
  }

  private int presumption(boolean first, Frame frame) {
    boolean bulk = (first && key.tcp()) || frame.length() >= LARGE_FRAME;
    return bulk ? MAYBE_BULK : SMALL;
  }

  /// Chooses a member for a flow that may change it.
  ///
  /// @param from where it was, null when it is new
  private Member move(int place, @Nullable Member from, Crew crew, int presumed, long now) {
    long period = Load.period(now);
    double own = 0;
    if (from != null) {
      own = (double) flows.share(place, period) / Load.BULK_BYTES;
      unplace(place, from, period, now);
    }
    Member to = choose(from, own, crew, now);
    to.out().load().place(presumed, now);
    flows.placed(place, period, presumed);
    flows.slot(place, to.slot());
    bySlot[to.slot()] = to;
    return to;
  }

  private Member choose(@Nullable Member from, double own, Crew crew, long now) {
    Member best = null;
    if (nearFirst && config.localFirst()) {
      best = least(crew, from, own, true, now);
    }
    if (best == null) {
      best = least(crew, from, own, false, now);
    }
    // Nobody has room: the port of the active member drops it and counts.
    return best == null ? crew.active() : best;
  }

  /// The least loaded member with room, null when there is none.
  ///
  /// @param near only members of this node that are not full
  private @Nullable Member least(
      Crew crew, @Nullable Member from, double own, boolean near, long now) {
    Member best = null;
    double bestScore = Double.MAX_VALUE;
    for (int i = 0; i < crew.size(); i++) {
      Member member = crew.get(i);
      double mine = member == from ? own : 0;
      if (member.out().spare() <= 0 || (near && (!member.near() || full(member, mine, now)))) {
        continue;
      }
      double others = Math.max(0, member.out().load().flows(now) - mine);
      double used = member.out().utilisation(now);
      used = mine > 0 ? used * others / (others + mine) : used;
      double score = (others + used + 1) / member.out().weight();
      // Where it is already it stays, unless elsewhere is better by a margin.
      score -= member == from ? GAIN / member.out().weight() : 0;
      double alike = ALIKE / member.out().weight();
      boolean nearer = best != null && member.nearer(best) && score <= bestScore + alike;
      if (score < bestScore - alike || nearer) {
        best = member;
        bestScore = score;
      }
    }
    return best;
  }

  private boolean full(Member member, double own, long now) {
    double others = member.out().load().bulkFlows(now) - (own >= 1 ? 1 : 0);
    return others >= 1 || member.out().utilisation(now) * 100 >= config.localFull();
  }

  private void count(int place, Member member, int bytes, long period, long now) {
    int before = flows.counted(place, period);
    int after = Math.min(Load.BULK_BYTES, before + bytes);
    if (after == before) {
      return;
    }
    // What it is presumed to be counts already.
    int presumed = flows.presumed(place, period);
    int counts = Math.max(after, presumed) - Math.max(before, presumed);
    flows.counted(place, period, after, counts);
    member.out().load().flow(counts, after == Load.BULK_BYTES && counts > 0, now);
  }

  /// A fresh flow counts no longer for `member`.
  private void unplace(int place, Member member, long period, long now) {
    int presumed = flows.presumed(place, period);
    if (presumed > 0) {
      member.out().load().unplace(presumed, flows.placedPeriod(place), now);
      flows.placed(place, period - 2, 0);
    }
  }
}
