package braid.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TapPointTest {
  @RegisterExtension final PoolBalance balance = new PoolBalance(128, 256, 2);

  private final SimClock clock = new SimClock(5);
  private final PipePort pipe = new PipePort("uplink", "far", 64);
  private final TapPoint tap = new TapPoint(pipe);
  private final Frame[] batch = new Frame[64];

  private CaptureRing ring() {
    return new CaptureRing(CaptureRing.BYTES_MIN, 2, Frame.BYTES_MAX, Long.MAX_VALUE, clock);
  }

  private void out(int... bytes) {
    tap.send(new Frame[] {balance.frame(bytes)}, 1);
  }

  private void in(int... bytes) {
    pipe.far().send(new Frame[] {balance.frame(bytes)}, 1);
    assertThat(tap.receive(batch, 64)).isEqualTo(1);
    batch[0].release();
  }

  @Test
  void withoutARingFramesPassAndNothingIsCopied() {
    out(1);
    in(2);
    assertThat(tap.attached()).isZero();
    assertThat(pipe.counters().txFrames.get()).isEqualTo(1);
    pipe.drain();
  }

  @Test
  void bothDirectionsAreCopiedWhileARingIsAttached() {
    CaptureRing ring = ring();
    out(1);
    tap.attach(ring, 1);
    out(2, 2);
    clock.advance(1);
    in(3, 3, 3);
    tap.detach(ring);
    out(4);
    assertThat(CaptureRingTest.drain(ring))
        .containsExactly(
            new CaptureRingTest.Packet(1, 5, CaptureRingTest.bytes(2, 2), 2, 2),
            new CaptureRingTest.Packet(1, 6, CaptureRingTest.bytes(3, 3, 3), 3, 1));
    pipe.drain();
  }

  @Test
  void aFrameThatThePortDropsWasCapturedAllTheSame() {
    CaptureRing ring = ring();
    tap.attach(ring, 0);
    pipe.carrier(LinkState.DOWN);
    out(1);
    assertThat(CaptureRingTest.drain(ring)).hasSize(1);
    assertThat(tap.link()).isEqualTo(LinkState.DOWN);
  }

  @Test
  void severalRingsAtOnceAndOneGoesWithoutTheOthers() {
    CaptureRing first = ring();
    CaptureRing second = ring();
    tap.attach(first, 0);
    tap.attach(second, 0);
    out(1);
    tap.detach(first);
    tap.detach(first);
    out(2);
    assertThat(tap.attached()).isEqualTo(1);
    assertThat(first.taken()).isEqualTo(1);
    assertThat(second.taken()).isEqualTo(2);
    tap.detach(second);
    assertThat(tap.attached()).isZero();
    pipe.drain();
  }

  @Test
  void oneRingOnTwoPortsKeepsTheOrderInWhichFramesPassed() {
    TapPoint other = new TapPoint(pipe.far());
    CaptureRing ring = ring();
    tap.attach(ring, 0);
    other.attach(ring, 1);
    out(1);
    assertThat(other.receive(batch, 64)).isEqualTo(1);
    other.send(batch, 1);
    assertThat(tap.receive(batch, 64)).isEqualTo(1);
    batch[0].release();
    List<CaptureRingTest.Packet> packets = CaptureRingTest.drain(ring);
    assertThat(packets).extracting(CaptureRingTest.Packet::port).containsExactly(0, 1, 1, 0);
    assertThat(packets).extracting(CaptureRingTest.Packet::flags).containsExactly(2, 1, 2, 1);
  }

  @Test
  void everythingElseIsThePortInside() {
    assertThat(tap.name()).isEqualTo("uplink");
    assertThat(tap.inner()).isSameAs(pipe);
    assertThat(tap.counters()).isSameAs(pipe.counters());
    assertThat(tap.room()).isEqualTo(64);
    assertThat(tap.deadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(tap.arm()).isFalse();
    out(1);
    assertThat(tap.recall(batch, 64)).isEqualTo(1);
    batch[0].release();
    tap.flush();
  }

  @Test
  void neitherOffNorOnNorFullDoesAFrameCostMemory() throws InterruptedException {
    assertThat(allocated()).as("off").isLessThan(4_096);
    CaptureRing ring = ring();
    tap.attach(ring, 0);
    assertThat(allocated()).as("on, the ring soon full").isLessThan(4_096);
    assertThat(ring.lost()).isPositive();
    Thread reader =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (tap.attached() > 0) {
                    ring.drain(bytes -> {});
                  }
                });
    assertThat(allocated()).as("on, read all the time").isLessThan(4_096);
    tap.detach(ring);
    reader.join();
  }

  /// Bytes that 640,000 frames each way take on this thread; the smallest of several runs, since
  /// asking takes some.
  private long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long smallest = Long.MAX_VALUE;
    for (int run = 0; run < 4; run++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int turn = 0; turn < 10_000; turn++) {
        turn();
      }
      smallest = Math.min(smallest, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return smallest;
  }

  private void turn() {
    for (int i = 0; i < 64; i++) {
      Frame frame = balance.pool.take();
      frame.plainHeader();
      frame.headLength(100);
      batch[i] = frame;
    }
    tap.send(batch, 64);
    int count = pipe.far().receive(batch, 64);
    pipe.far().send(batch, count);
    count = tap.receive(batch, 64);
    for (int i = 0; i < count; i++) {
      batch[i].release();
    }
  }
}
