package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.FramePool;
import braid.ssi.FlowHash;
import braid.ssi.HashPolicy;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Braid's choice of a member by hash is Linux's: for random frames of every kind the bonding
/// driver of a real kernel is asked, and every one must agree.
///
/// The bond has 61 slaves, so that two hashes that differ nearly always mean two members.
@Tag("real")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HashOracleTest {
  private static final long SEED = Long.getLong("braid.seed", 1);
  private static final int FRAMES = 100_000;
  private static final int SLAVES = 61;
  private static final int NOT_SENT = 255;
  private static final int FRAME_BYTES = 1024;

  private final List<byte[]> frames = new ArrayList<>();
  private Testbed testbed;
  private KernelBond kernel;

  @BeforeAll
  void boot() throws IOException {
    FlowFrames flows = new FlowFrames(new Random(SEED));
    for (int i = 0; i < FRAMES; i++) {
      frames.add(flows.next());
    }
    testbed = Testbed.open(Path.of("target", "logs", "HashOracleTest"));
    kernel = KernelBond.start(testbed, SLAVES);
    kernel.frames(frames);
  }

  @AfterAll
  void close() {
    testbed.close();
  }

  @ParameterizedTest
  @EnumSource
  void picksTheMemberThatTheKernelPicks(HashPolicy policy) throws IOException {
    byte[] choices = kernel.choices(policy.text());
    assertThat(choices).hasSize(FRAMES);
    assertThat(choices).doesNotContain((byte) NOT_SENT);
    List<String> differences = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      FramePool pool = new FramePool(arena.allocate(FRAME_BYTES, 64), FRAME_BYTES, 0);
      for (int i = 0; i < FRAMES; i++) {
        byte[] bytes = frames.get(i);
        int kernels = choices[i] & 0xff;
        Frame frame = pool.take();
        frame.write(bytes);
        int ours = FlowHash.member(FlowHash.hash(policy, frame), SLAVES);
        frame.release();
        if (ours != kernels) {
          differences.add(
              "kernel %d, ours %d: %s".formatted(kernels, ours, HexFormat.of().formatHex(bytes)));
        }
      }
    }
    System.out.printf(
        "%s, seed %d: %d frames, %d differences%n", policy, SEED, FRAMES, differences.size());
    differences.sort(Comparator.comparing(String::length));
    assertThat(differences.stream().limit(10)).as("seed %d", SEED).isEmpty();
  }
}
