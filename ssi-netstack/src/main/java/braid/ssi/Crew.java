package braid.ssi;

import braid.port.LinkState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The members that carry frames now, in the order they were added, and the active one among them.
/// Changed as a whole by the bond, read for every frame.
final class Crew {
  private final Member[] members = new Member[Limits.MEMBERS];
  private int size;
  private @Nullable Member active;
  private LinkState link = LinkState.DOWN;

  int size() {
    return size;
  }

  Member get(int i) {
    return members[i];
  }

  /// The active member, when there is a crew.
  Member active() {
    Member member = active;
    if (member == null) {
      throw new AssertionError("nobody carries frames");
    }
    return member;
  }

  /// The active member, null when nobody carries frames.
  @Nullable Member activeOrNull() {
    return active;
  }

  boolean isActive(Member member) {
    return member == active;
  }

  /// Takes the members named by [Member#inUse] out of `all`.
  ///
  /// @param next the active one, null when none is in use
  /// @return whether others are in use than before
  boolean set(List<Member> all, @Nullable Member next) {
    boolean changed = false;
    int before = size;
    size = 0;
    for (Member member : all) {
      if (member.inUse()) {
        changed |= size >= before || members[size] != member;
        members[size++] = member;
      }
    }
    changed |= size != before;
    active = next;
    return changed;
  }

  /// Learns the speeds anew: what each counts for in the choice for a flow, and the bond's own.
  ///
  /// @param copies each frame goes out on all, so the slowest counts
  void speeds(boolean copies) {
    int least = Integer.MAX_VALUE;
    long sum = 0;
    for (int i = 0; i < size; i++) {
      int speed = members[i].port().link().speedMbps();
      sum += speed;
      least = speed > 0 ? Math.min(least, speed) : least;
    }
    // One of unknown speed counts as much as the slowest known.
    int known = least == Integer.MAX_VALUE ? 1 : least;
    for (int i = 0; i < size; i++) {
      int speed = members[i].port().link().speedMbps();
      members[i].out().weight(speed > 0 ? speed : known);
    }
    long speed = copies && least != Integer.MAX_VALUE ? least : sum;
    link =
        size == 0 ? LinkState.DOWN : new LinkState(true, (int) Math.min(speed, Integer.MAX_VALUE));
  }

  /// Up while a member is in use.
  LinkState link() {
    return link;
  }

  /// Most that a member has room for.
  int room() {
    int most = 0;
    for (int i = 0; i < size; i++) {
      most = Math.max(most, members[i].port().room());
    }
    return most;
  }
}
