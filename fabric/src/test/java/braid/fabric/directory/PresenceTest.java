package braid.fabric.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.SimClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PresenceTest {
  private static final Duration GRACE = Duration.ofSeconds(5);
  private final SimClock clock = new SimClock(-100);
  private final Presence presence = new Presence(clock);

  @Test
  void aNodeIsGoneSinceTheViewThatLacksIt() {
    presence.members(List.of("a", "b", "c"), true);
    pass(7);
    presence.members(List.of("a", "b"), true);
    pass(2);
    presence.members(List.of("a", "b"), true);
    assertThat(presence.untilGone("c", GRACE)).isEqualTo(Duration.ofSeconds(3));
    pass(4);
    assertThat(presence.untilGone("c", GRACE)).isNegative();
    presence.members(List.of("a", "b", "c"), true);
    assertThat(presence.seen("c")).isTrue();
    presence.members(List.of("a", "b"), true);
    assertThat(presence.untilGone("c", GRACE)).isEqualTo(GRACE);
  }

  @Test
  void whoWasCutOffDoesNotCountTheTimeOfTheCut() {
    presence.members(List.of("a", "b", "c"), true);
    presence.members(List.of("a"), false);
    pass(100);
    assertThatThrownBy(() -> presence.untilGone("c", GRACE))
        .isInstanceOf(IllegalStateException.class);
    presence.members(List.of("a", "b"), true);
    assertThat(presence.untilGone("c", GRACE)).isEqualTo(GRACE);
  }

  @Test
  void aNodeThatWasNeverSeenIsGoneSinceThereIsAMajority() {
    presence.members(List.of("a"), false);
    pass(100);
    presence.members(List.of("a", "b"), true);
    pass(1);
    assertThat(presence.untilGone("x", GRACE)).isEqualTo(Duration.ofSeconds(4));
  }

  private void pass(int seconds) {
    clock.advance(seconds * 1_000_000_000L);
  }
}
