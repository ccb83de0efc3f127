package braid.ssi;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who is to be the active member: the operator's choice as long as it is healthy, else as
/// [ActiveBackup] has it. The bond's worker only.
final class Election {
  private final List<Member> members;
  private final Crew crew;
  private final Aggregation aggregation;
  private @Nullable Member pinned;

  /// @param members     of the bond, as they are at any time
  /// @param crew        who is active now
  /// @param aggregation who may send
  Election(List<Member> members, Crew crew, Aggregation aggregation) {
    this.members = members;
    this.crew = crew;
    this.aggregation = aggregation;
  }

  /// The operator's choice from now on, null for none.
  void pin(@Nullable Member member) {
    pinned = member;
  }

  /// The operator's choice is not `member` any more.
  void unpin(Member member) {
    pinned = pinned == member ? null : pinned;
  }

  /// Fitness, but nobody is fit whom LACP does not let send.
  Fitness eligible(Member member) {
    return aggregation.distributes(member) ? member.fitness() : Fitness.DEAD;
  }

  /// The member that is to be active, null when none can be. A choice that is not healthy is
  /// forgotten.
  @Nullable Member winner(BondConfig.Choice choice) {
    if (pinned != null && eligible(pinned).healthy()) {
      return pinned;
    }
    pinned = null;
    List<ActiveBackup.Candidate> candidates = new ArrayList<>(members.size());
    for (Member member : members) {
      boolean primary = member.name().equals(choice.primary());
      long rank = primary ? Long.MAX_VALUE : member.config().rank();
      int speed = member.port().link().speedMbps();
      candidates.add(new ActiveBackup.Candidate(eligible(member), rank, speed));
    }
    Member active = crew.activeOrNull();
    int current = active == null ? ActiveBackup.NONE : members.indexOf(active);
    int index = ActiveBackup.choose(candidates, current, choice.reselect());
    return index == ActiveBackup.NONE ? null : members.get(index);
  }
}
