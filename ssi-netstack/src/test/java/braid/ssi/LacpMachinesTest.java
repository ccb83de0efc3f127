package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.ssi.LacpReceive.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The machines as tables: every state with every input.
class LacpMachinesTest {
  private static final List<Boolean> BOTH = List.of(false, true);

  /// For each state, where the events lead in the order they are declared.
  private static final Map<LacpReceive, List<LacpReceive>> RECEIVE =
      Map.of(
          LacpReceive.PORT_DISABLED,
              List.of(
                  LacpReceive.PORT_DISABLED,
                  LacpReceive.EXPIRED,
                  LacpReceive.PORT_DISABLED,
                  LacpReceive.PORT_DISABLED),
          LacpReceive.EXPIRED,
              List.of(
                  LacpReceive.PORT_DISABLED,
                  LacpReceive.EXPIRED,
                  LacpReceive.CURRENT,
                  LacpReceive.DEFAULTED),
          LacpReceive.DEFAULTED,
              List.of(
                  LacpReceive.PORT_DISABLED,
                  LacpReceive.DEFAULTED,
                  LacpReceive.CURRENT,
                  LacpReceive.DEFAULTED),
          LacpReceive.CURRENT,
              List.of(
                  LacpReceive.PORT_DISABLED,
                  LacpReceive.CURRENT,
                  LacpReceive.CURRENT,
                  LacpReceive.EXPIRED));

  @Test
  void theReceiveMachineGoesWhereItsTableSays() {
    for (LacpReceive state : LacpReceive.values()) {
      for (Event event : Event.values()) {
        assertThat(state.on(event))
            .as("%s on %s", state, event)
            .isEqualTo(RECEIVE.get(state).get(event.ordinal()));
      }
    }
  }

  /// One row: state, inputs as 0, 1 or ? for either, state that follows. The first row that fits
  /// counts.
  private static String lookUp(String table, String... inputs) {
    for (String row : table.lines().toList()) {
      String[] cells = row.trim().split("\\s+");
      boolean fits = cells.length == inputs.length + 1;
      for (int i = 0; fits && i < inputs.length; i++) {
        fits = cells[i].equals("?") || cells[i].equals(inputs[i]);
      }
      if (fits) {
        return cells[inputs.length];
      }
    }
    throw new AssertionError("no row for " + List.of(inputs));
  }

  private static String bit(boolean value) {
    return value ? "1" : "0";
  }

  /// Selection, ready, partner in sync, partner collecting.
  private static final String MUX =
      """
      DETACHED     UNSELECTED ? ? ? DETACHED
      DETACHED     STANDBY    ? ? ? WAITING
      DETACHED     SELECTED   ? ? ? WAITING
      WAITING      UNSELECTED ? ? ? DETACHED
      WAITING      STANDBY    ? ? ? WAITING
      WAITING      SELECTED   0 ? ? WAITING
      WAITING      SELECTED   1 ? ? ATTACHED
      ATTACHED     UNSELECTED ? ? ? DETACHED
      ATTACHED     STANDBY    ? ? ? DETACHED
      ATTACHED     SELECTED   ? 0 ? ATTACHED
      ATTACHED     SELECTED   ? 1 ? COLLECTING
      COLLECTING   UNSELECTED ? ? ? ATTACHED
      COLLECTING   STANDBY    ? ? ? ATTACHED
      COLLECTING   SELECTED   ? 0 ? ATTACHED
      COLLECTING   SELECTED   ? 1 0 COLLECTING
      COLLECTING   SELECTED   ? 1 1 DISTRIBUTING
      DISTRIBUTING UNSELECTED ? ? ? COLLECTING
      DISTRIBUTING STANDBY    ? ? ? COLLECTING
      DISTRIBUTING SELECTED   ? 0 ? COLLECTING
      DISTRIBUTING SELECTED   ? 1 0 COLLECTING
      DISTRIBUTING SELECTED   ? 1 1 DISTRIBUTING
      """;

  @Test
  void theMuxMachineGoesWhereItsTableSays() {
    int cases = 0;
    for (LacpMux state : LacpMux.values()) {
      for (LacpSelection selection : LacpSelection.values()) {
        for (boolean ready : BOTH) {
          for (boolean sync : BOTH) {
            for (boolean collecting : BOTH) {
              assertThat(state.next(selection, ready, sync, collecting).name())
                  .isEqualTo(
                      lookUp(
                          MUX,
                          state.name(),
                          selection.name(),
                          bit(ready),
                          bit(sync),
                          bit(collecting)));
              cases++;
            }
          }
        }
      }
    }
    assertThat(cases).isEqualTo(5 * 3 * 8);
  }

  @Test
  void distributingIsReachedThroughCollectingAndLeftThroughIt() {
    for (LacpMux state : LacpMux.values()) {
      for (LacpSelection selection : LacpSelection.values()) {
        for (int bits = 0; bits < 8; bits++) {
          LacpMux next = state.next(selection, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
          LacpMux upper = next.compareTo(state) > 0 ? next : state;
          if (upper.compareTo(LacpMux.COLLECTING) >= 0) {
            assertThat(Math.abs(next.ordinal() - state.ordinal())).isLessThanOrEqualTo(1);
          }
        }
      }
    }
  }

  /// May speak, partner wants fast, timer over.
  private static final String PERIODIC =
      """
      ?        0 ? ? NONE
      NONE     1 ? ? FAST
      FAST     1 ? 1 TRANSMIT
      FAST     1 1 0 FAST
      FAST     1 0 0 SLOW
      SLOW     1 ? 1 TRANSMIT
      SLOW     1 1 0 TRANSMIT
      SLOW     1 0 0 SLOW
      TRANSMIT 1 1 ? FAST
      TRANSMIT 1 0 ? SLOW
      """;

  @Test
  void thePeriodicMachineGoesWhereItsTableSays() {
    for (LacpPeriodic state : LacpPeriodic.values()) {
      for (boolean speaks : BOTH) {
        for (boolean fast : BOTH) {
          for (boolean expired : BOTH) {
            assertThat(state.next(speaks, fast, expired).name())
                .isEqualTo(lookUp(PERIODIC, state.name(), bit(speaks), bit(fast), bit(expired)));
          }
        }
      }
    }
  }

  /// Carrier, in sync, timer over.
  private static final String CHURN =
      """
      ?       0 ? ? MONITOR
      ?       1 1 ? NONE
      MONITOR 1 0 0 MONITOR
      MONITOR 1 0 1 CHURN
      NONE    1 0 ? MONITOR
      CHURN   1 0 ? CHURN
      """;

  @Test
  void theChurnMachineGoesWhereItsTableSays() {
    for (LacpChurn state : LacpChurn.values()) {
      for (boolean enabled : BOTH) {
        for (boolean sync : BOTH) {
          for (boolean expired : BOTH) {
            assertThat(state.next(enabled, sync, expired).name())
                .isEqualTo(lookUp(CHURN, state.name(), bit(enabled), bit(sync), bit(expired)));
          }
        }
      }
    }
  }

  @Test
  void keysTellSpeedsApartAndAreLinuxs() {
    List<Integer> keys = new ArrayList<>();
    for (int speed : new int[] {0, 1, 10, 100, 1_000, 2_500, 5_000, 10_000, 14_000, 20_000}) {
      keys.add(LacpConfig.DEFAULT.key(speed));
    }
    assertThat(keys).doesNotHaveDuplicates().containsExactly(1, 3, 5, 7, 9, 11, 13, 15, 17, 19);
    assertThat(LacpConfig.DEFAULT.key(9_999)).isEqualTo(LacpConfig.DEFAULT.key(5_000));
    assertThat(LacpConfig.DEFAULT.key(Integer.MAX_VALUE)).isEqualTo(17 << 1 | 1);
    LacpConfig own = new LacpConfig(LacpRate.FAST, true, 0, AdSelect.COUNT, 1, 1023);
    assertThat(own.key(1_000)).isEqualTo(1023 << 6 | 9);
  }
}
