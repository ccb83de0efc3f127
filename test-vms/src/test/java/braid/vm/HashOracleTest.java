package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class HashOracleTest {
  @Test
  void records() throws IOException {
    List<byte[]> frames = new ArrayList<>();
    FlowFrames flows = new FlowFrames(new Random(1));
    for (int i = 0; i < 100_000; i++) {
      frames.add(flows.next());
    }
    try (Testbed testbed = Testbed.open(Path.of("target", "logs", "oracle"))) {
      KernelBond kernel = KernelBond.start(testbed, 61);
      kernel.frames(frames);
      for (String policy :
          List.of("layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac")) {
        byte[] choices = kernel.choices(policy);
        assertThat(choices).hasSize(frames.size());
        int none = 0;
        for (int i = 0; i < choices.length; i++) {
          none += choices[i] == -1 ? 1 : 0;
        }
        assertThat(none).isZero();
      }
    }
  }
}
