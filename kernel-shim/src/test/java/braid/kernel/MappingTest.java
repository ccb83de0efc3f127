package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MappingTest {
  @Test
  void memoryForHugePagesStartsOnTheirBorderAndIsZero() {
    try (Mapping mapping = Mapping.transparentHuge(4 << 20)) {
      assertThat(mapping.address() % (2 << 20)).isZero();
      assertThat(mapping.segment().byteSize()).isEqualTo(4 << 20);
      assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, (4 << 20) - 8)).isZero();
      mapping.segment().fill((byte) 1);
    }
  }
}
