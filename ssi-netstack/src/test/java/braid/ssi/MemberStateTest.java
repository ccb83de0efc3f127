package braid.ssi;

import static braid.ssi.MemberState.DOWN;
import static braid.ssi.MemberState.HOLDING;
import static braid.ssi.MemberState.PROBING;
import static braid.ssi.MemberState.UP;
import static org.assertj.core.api.Assertions.assertThat;

import braid.ssi.MemberState.Event;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MemberStateTest {
  /// For each state, where the events lead in the order they are declared.
  private static final Map<MemberState, List<MemberState>> TABLE =
      Map.of(
          DOWN, List.of(DOWN, PROBING, DOWN, DOWN, DOWN),
          PROBING, List.of(DOWN, PROBING, HOLDING, PROBING, PROBING),
          HOLDING, List.of(DOWN, HOLDING, HOLDING, PROBING, UP),
          UP, List.of(DOWN, UP, UP, PROBING, UP));

  static Stream<Arguments> pairs() {
    List<Arguments> pairs = new ArrayList<>();
    for (MemberState state : MemberState.values()) {
      Iterator<MemberState> row = TABLE.get(state).iterator();
      for (Event event : Event.values()) {
        pairs.add(Arguments.of(state, event, row.next()));
      }
      assertThat(row.hasNext()).isFalse();
    }
    return pairs.stream();
  }

  @ParameterizedTest(name = "{0} on {1} is {2}")
  @MethodSource("pairs")
  void everyPairGoesWhereTheTableSays(MemberState from, Event event, MemberState to) {
    assertThat(from.on(event)).isEqualTo(to);
  }

  @Test
  void theOnlyWayToUpIsHeldWhileHolding() {
    for (MemberState state : MemberState.values()) {
      for (Event event : Event.values()) {
        if (state != UP && state.on(event) == UP) {
          assertThat(state).isEqualTo(HOLDING);
          assertThat(event).isEqualTo(Event.HELD);
        }
      }
    }
  }

  @Test
  void carrierLossLeadsDownFromEverywhere() {
    for (MemberState state : MemberState.values()) {
      assertThat(state.on(Event.CARRIER_LOST)).isEqualTo(DOWN);
    }
  }
}
