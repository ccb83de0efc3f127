package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FaultyPortTest {
  private static final long SEED = 7;

  @RegisterExtension final PoolBalance balance = new PoolBalance(1024, 128, 0);

  private final PipePort pipe = new PipePort("a", "b", 512);
  private final FaultyPort faulty = new FaultyPort(pipe, new Random(SEED), balance.pool);
  private final Frame[] batch = new Frame[512];

  private void send(int count) {
    Frame[] frames = new Frame[count];
    for (int i = 0; i < count; i++) {
      frames[i] = balance.frame(i, 0);
    }
    faulty.send(frames, count);
  }

  private int release(int count) {
    for (int i = 0; i < count; i++) {
      batch[i].release();
    }
    return count;
  }

  private long counted(String name) {
    return faulty.counters().all().stream()
        .filter(c -> c.name().equals(name))
        .mapToLong(Counter::get)
        .sum();
  }

  @Test
  void withoutFaultsItIsThePortItWraps() {
    send(70);
    assertThat(release(pipe.far().receive(batch, 512))).isEqualTo(70);
  }

  @Test
  void aBlackholeSwallowsOneWayOnly() {
    faulty.outward(FaultyPort.Faults.BLACKHOLE);
    send(70);
    assertThat(pipe.far().arm()).isFalse();
    assertThat(counted("fault_dropped")).isEqualTo(70);
    pipe.far().send(new Frame[] {balance.frame(9)}, 1);
    assertThat(release(faulty.receive(batch, 512))).isEqualTo(1);
  }

  @Test
  void everyFrameIsAccountedForUnderMixedFaults() {
    faulty.outward(new FaultyPort.Faults(0.2, 0.3, 0.1));
    send(200);
    int arrived = release(pipe.far().receive(batch, 512));
    assertThat(arrived)
        .as("seed %d", SEED)
        .isEqualTo((int) (200 - counted("fault_dropped") + counted("fault_duplicated")));
    assertThat(counted("fault_dropped")).isBetween(1L, 199L);
    assertThat(counted("fault_duplicated")).isPositive();
    assertThat(counted("fault_corrupted")).isPositive();
  }

  @Test
  void aDuplicateFollowsItsOriginalBothWays() {
    faulty.outward(new FaultyPort.Faults(0, 1, 0));
    faulty.inward(new FaultyPort.Faults(0, 1, 0));
    send(3);
    assertThat(pipe.far().receive(batch, 512)).isEqualTo(6);
    assertThat(batch[2].u8(0)).isEqualTo(1);
    assertThat(batch[3].u8(0)).isEqualTo(1);
    pipe.far().send(batch, 3);
    release3to6();
    assertThat(faulty.receive(batch, 512)).isEqualTo(6);
    int[] first = new int[6];
    for (int i = 0; i < 6; i++) {
      first[i] = batch[i].u8(0);
    }
    assertThat(first).containsExactly(0, 0, 0, 0, 1, 1);
    release(6);
  }

  private void release3to6() {
    for (int i = 3; i < 6; i++) {
      batch[i].release();
    }
  }

  @Test
  void corruptionFlipsExactlyOneBit() {
    faulty.inward(new FaultyPort.Faults(0, 0, 1));
    pipe.far().send(new Frame[] {balance.frame(0, 0, 0)}, 1);
    assertThat(faulty.receive(batch, 1)).isEqualTo(1);
    int bits = 0;
    for (int i = 0; i < 3; i++) {
      bits += Integer.bitCount(batch[0].u8(i));
    }
    assertThat(bits).isEqualTo(1);
    release(1);
  }

  @Test
  void aChanceOutsideZeroToOneIsRefused() {
    assertThatThrownBy(() -> new FaultyPort.Faults(1.1, 0, 0))
        .hasMessageContaining("drop is a chance from 0 to 1");
    assertThatThrownBy(() -> new FaultyPort.Faults(0, 0, Double.NaN))
        .hasMessageContaining("corrupt");
  }
}
