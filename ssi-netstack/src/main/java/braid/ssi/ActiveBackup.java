package braid.ssi;

import java.util.List;

/// The choice of the one member in use. Pure.
final class ActiveBackup {
  /// A member as the choice sees it.
  ///
  /// @param rank higher is preferred
  record Candidate(Fitness fitness, long rank, int speedMbps) {}

  /// Index for "none".
  static final int NONE = -1;

  private ActiveBackup() {}

  /// Chooses among `members` in the order they were added.
  ///
  /// @param current index of the one in use, or [#NONE]
  static int choose(List<Candidate> members, int current, Reselect reselect) {
    int best = best(members);
    if (best == NONE || current == NONE) {
      return best;
    }
    Candidate now = members.get(current);
    Candidate other = members.get(best);
    if (other.fitness != now.fitness) {
      return best;
    }
    // Between equals that are not quite well a change brings nothing but a gap.
    if (now.fitness != Fitness.UP || other.rank <= now.rank) {
      return current;
    }
    return switch (reselect) {
      case ALWAYS -> best;
      case BETTER -> other.speedMbps > now.speedMbps ? best : current;
      case FAILURE -> current;
    };
  }

  private static int best(List<Candidate> members) {
    int best = NONE;
    for (int i = 0; i < members.size(); i++) {
      Candidate each = members.get(i);
      if (each.fitness == Fitness.DEAD) {
        continue;
      }
      if (best == NONE || before(each, members.get(best))) {
        best = i;
      }
    }
    return best;
  }

  private static boolean before(Candidate a, Candidate b) {
    int order = a.fitness.compareTo(b.fitness);
    return order < 0 || (order == 0 && a.rank > b.rank);
  }
}
