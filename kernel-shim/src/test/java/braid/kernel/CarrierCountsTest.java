package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Counts of interfaces made by the test.
@Tag("real")
@Timeout(60)
class CarrierCountsTest {
  private static final long PID = ProcessHandle.current().pid();
  private static final String NEAR = "bc" + PID;

  private final CarrierCounts counts = new CarrierCounts();
  private final List<String> moved = new ArrayList<>();
  private Namespace space;

  @BeforeEach
  void makeVeth() {
    space = new Namespace("brd-cc");
    Shell.run("ip link add " + NEAR + " type veth peer name far netns " + space.name());
    Shell.run("ip link set " + NEAR + " up");
  }

  @AfterEach
  void removeAll() {
    counts.close();
    try (Netlink netlink = new Netlink()) {
      netlink.link(NEAR).ifPresent(link -> netlink.delete(link.index()));
    }
    space.close();
  }

  private List<String> look() {
    moved.clear();
    counts.look(moved::add);
    return moved;
  }

  @Test
  void everyChangeIsSeenInTheMomentItHappens() {
    counts.follow(Set.of(NEAR));
    assertThat(look()).as("the first look").containsExactly(NEAR);
    assertThat(look()).isEmpty();
    for (String state : new String[] {"up", "down", "up", "down"}) {
      space.exec("ip link set far " + state);
      assertThat(look()).as(state).containsExactly(NEAR);
      assertThat(look()).isEmpty();
    }
  }

  @Test
  void whatIsNotThereIsLeftOutAndWhatGoesIsForgotten() {
    counts.follow(Set.of(NEAR, "brd-none"));
    assertThat(look()).containsExactly(NEAR);
    Shell.run("ip link del " + NEAR);
    assertThat(look()).isEmpty();
    assertThat(counts.isEmpty()).isTrue();
    counts.follow(Set.of(NEAR));
    assertThat(counts.isEmpty()).isTrue();
  }

  @Test
  void whatIsNotFollowedAnyMoreIsNotTold() {
    counts.follow(Set.of(NEAR));
    counts.follow(Set.of());
    space.exec("ip link set far up");
    assertThat(look()).isEmpty();
  }
}
