package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FramePoolTest {
  @Test
  void framesDoNotOverlapAndLieInTheMemoryGiven() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(FramePool.bytesFor(5, 100), 64);
      FramePool pool = new FramePool(memory, 100, 0);
      assertThat(pool.size()).isEqualTo(5);
      List<Frame> frames = new ArrayList<>();
      for (Frame frame = pool.take(); frame != null; frame = pool.take()) {
        frames.add(frame);
      }
      assertThat(frames).hasSize(5);
      for (int i = 0; i < 5; i++) {
        long base = frames.get(i).base();
        assertThat(base % 64).isZero();
        assertThat(base - memory.address()).isEqualTo(i * 128L);
        assertThat(base + 100).isLessThanOrEqualTo(memory.address() + memory.byteSize());
      }
      assertThat(pool.balanced()).isFalse();
      frames.forEach(Frame::release);
      assertThat(pool.balanced()).isTrue();
    }
  }

  @Test
  void anEmptyPoolGivesNullAndRecoversOnRelease() {
    try (Arena arena = Arena.ofConfined()) {
      FramePool pool = new FramePool(arena.allocate(64, 64), 64, 0);
      Frame only = pool.take();
      assertThat(pool.take()).isNull();
      only.release();
      assertThat(pool.take()).isSameAs(only);
    }
  }

  @Test
  void memoryTooSmallForOneFrameIsRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(127);
      assertThatThrownBy(() -> new FramePool(memory, 65, 0))
          .hasMessageContaining("127 bytes hold no frame of 65 bytes");
    }
  }
}
