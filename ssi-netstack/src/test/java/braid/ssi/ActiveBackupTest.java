package braid.ssi;

import static braid.ssi.ActiveBackup.NONE;
import static braid.ssi.Fitness.DEAD;
import static braid.ssi.Fitness.DOUBTFUL;
import static braid.ssi.Fitness.HOLDING;
import static braid.ssi.Fitness.UP;
import static org.assertj.core.api.Assertions.assertThat;

import braid.ssi.ActiveBackup.Candidate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ActiveBackupTest {
  private static Candidate member(Fitness fitness, int rank, int speed) {
    return new Candidate(fitness, rank, speed);
  }

  static Stream<Arguments> oneOfTwo() {
    List<Arguments> all = new ArrayList<>();
    for (Fitness a : Fitness.values()) {
      for (Fitness b : Fitness.values()) {
        for (int current = NONE; current < 2; current++) {
          all.add(Arguments.of(a, b, current, expected(a, b, current)));
        }
      }
    }
    return all.stream();
  }

  /// Equal rank: the fitter one; of two equally fit the one in use, else the first.
  private static int expected(Fitness a, Fitness b, int current) {
    if (a == DEAD && b == DEAD) {
      return NONE;
    }
    if (a == b) {
      return Math.max(current, 0);
    }
    return a.compareTo(b) < 0 ? 0 : 1;
  }

  @ParameterizedTest(name = "{0} and {1}, {2} in use: {3}")
  @MethodSource("oneOfTwo")
  void ofTwoMembersOfEqualRankTheFitterIsChosenWithoutNeedlessChange(
      Fitness a, Fitness b, int current, int chosen) {
    List<Candidate> members = List.of(member(a, 0, 0), member(b, 0, 0));
    for (Reselect policy : Reselect.values()) {
      assertThat(ActiveBackup.choose(members, current, policy)).isEqualTo(chosen);
    }
  }

  @Test
  void aHigherRankTakesOverByPolicy() {
    List<Candidate> slow = List.of(member(UP, 1, 100), member(UP, 0, 1000));
    List<Candidate> fast = List.of(member(UP, 1, 1000), member(UP, 0, 100));
    assertThat(ActiveBackup.choose(slow, 1, Reselect.ALWAYS)).isZero();
    assertThat(ActiveBackup.choose(slow, 1, Reselect.BETTER)).isEqualTo(1);
    assertThat(ActiveBackup.choose(fast, 1, Reselect.BETTER)).isZero();
    assertThat(ActiveBackup.choose(fast, 1, Reselect.FAILURE)).isEqualTo(1);
  }

  @Test
  void aHigherRankInHoldDownDoesNotTakeOver() {
    List<Candidate> members = List.of(member(HOLDING, 9, 0), member(UP, 0, 0));
    assertThat(ActiveBackup.choose(members, 1, Reselect.ALWAYS)).isEqualTo(1);
  }

  @Test
  void betweenDoubtfulMembersRankIsNoReasonToMove() {
    List<Candidate> members = List.of(member(DOUBTFUL, 9, 0), member(DOUBTFUL, 0, 0));
    assertThat(ActiveBackup.choose(members, 1, Reselect.ALWAYS)).isEqualTo(1);
    assertThat(ActiveBackup.choose(members, NONE, Reselect.ALWAYS)).isZero();
  }

  @Test
  void withoutMembersThereIsNone() {
    assertThat(ActiveBackup.choose(List.of(), NONE, Reselect.ALWAYS)).isEqualTo(NONE);
  }
}
