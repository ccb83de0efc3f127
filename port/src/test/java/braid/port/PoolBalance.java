package braid.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A pool for one test, and the assertion that every frame came back.
final class PoolBalance implements AfterEachCallback {
  private final Arena arena = Arena.ofShared();
  final FramePool pool;

  PoolBalance(int frames, int frameBytes, int piecesMax) {
    pool =
        new FramePool(
            arena.allocate(FramePool.bytesFor(frames, frameBytes), 64), frameBytes, piecesMax);
  }

  Frame frame(int... bytes) {
    Frame frame = pool.take();
    byte[] out = new byte[bytes.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) bytes[i];
    }
    frame.write(out);
    return frame;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    assertThat(pool.available()).as("frames back in the pool").isEqualTo(pool.size());
    arena.close();
  }
}
