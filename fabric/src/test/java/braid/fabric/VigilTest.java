package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// When a socket that takes nothing is said to be full, and when not.
class VigilTest {
  private static final long TICK = 100_000_000;

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment bytes = arena.allocate(8);
  private final ByteRing ring = new ByteRing(arena.allocate(64, 64));
  private final Vigil vigil = new Vigil(Timing.DEFAULT, 0);

  private void put() {
    ring.put(bytes.address(), 8);
    ring.publish();
  }

  @Test
  void whatCameThisMomentAfterALongSilenceIsNoBlockage() {
    vigil.begin(0);
    assertThat(vigil.blockedChange(ring)).isZero();
    put();
    assertThat(vigil.blockedChange(ring)).isZero();
    ring.consume(8);
    assertThat(vigil.blockedChange(ring)).isZero();
  }

  @Test
  void whatWaitsFromOneLookToTheNextIsOneUntilSomethingIsTaken() {
    vigil.begin(0);
    put();
    assertThat(vigil.blockedChange(ring)).isZero();
    assertThat(vigil.blockedChange(ring)).isEqualTo(1);
    put();
    assertThat(vigil.blockedChange(ring)).as("said once").isZero();
    ring.consume(8);
    assertThat(vigil.blockedChange(ring)).isEqualTo(-1);
  }

  @Test
  void aRingThatIsNeverEmptyButMovesIsNone() {
    vigil.begin(0);
    put();
    for (int i = 0; i < 5; i++) {
      put();
      ring.consume(8);
      assertThat(vigil.blockedChange(ring)).isZero();
    }
  }

  @Test
  void aWorkerThatStoodStillBlamesNobodyForIt() {
    vigil.begin(0);
    vigil.turn(50 * TICK);
    assertThat(vigil.tick(50 * TICK)).as("silence").isEqualTo(TICK);
  }
}
