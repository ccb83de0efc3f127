package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.FramePool;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Frames for one test, and the assertion that every one came back.
final class Pools implements AfterEachCallback {
  private final Arena arena = Arena.ofConfined();
  final FramePool control = pool(256, 192);
  final FramePool data = pool(8192, 256);

  private FramePool pool(int frames, int bytes) {
    return new FramePool(arena.allocate(FramePool.bytesFor(frames, bytes), 64), bytes, 0);
  }

  Frame frame(byte[] bytes) {
    Frame frame = data.take();
    assertThat(frame).as("a free frame").isNotNull();
    frame.write(bytes);
    return frame;
  }

  Frame hex(String text) {
    return frame(HexFormat.of().parseHex(text.replaceAll("\\s", "")));
  }

  void assertBalanced() {
    assertThat(data.available()).as("data frames back").isEqualTo(data.size());
    assertThat(control.available()).as("control frames back").isEqualTo(control.size());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try {
      assertBalanced();
    } finally {
      arena.close();
    }
  }
}
