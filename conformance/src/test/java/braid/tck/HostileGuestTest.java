package braid.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Every hostile shape against one real node on real sockets, one named test for each: the session
/// ends or the chain is dropped, it is counted, the node lives, and another guest on the same
/// worker, which exchanges frames all the time, loses none.
class HostileGuestTest {
  /// Frames of the other guest that must pass after each shape.
  private static final int FRAMES = 64;

  /// Shapes that the specification has the device ignore, or where it is this side that hangs up:
  /// nothing to count.
  private static final Set<String> NOT_COUNTED =
      Set.of(
          "num_buffers of 65535 in a sent header",
          "unknown header flags",
          "hdr_len beyond the frame");

  private static @TempDir Path directory;
  private static Node node;
  private static Witness witness;

  @BeforeAll
  static void start() {
    node = new Node(directory, "hostile", "witness");
    witness = new Witness(Node.subject(directory, "witness"));
  }

  @AfterAll
  static void stop() {
    try {
      assertThat(witness.close()).isNull();
      assertThat(node.wrongs(1)).isEmpty();
      assertThat(node.worker().failure()).isNull();
    } finally {
      node.close();
    }
  }

  @TestFactory
  Stream<DynamicTest> shapes() {
    return Conformance.cases().stream()
        .map(shape -> DynamicTest.dynamicTest(shape.toString(), () -> survives(shape)));
  }

  private static void survives(Case shape) {
    Map<String, Long> before = node.wrongs(0);
    Verdict verdict = Conformance.run(shape, Node.subject(directory, "hostile"));
    System.out.println(verdict);
    assertThat(verdict.passed()).as(verdict.toString()).isTrue();
    assertThat(node.worker().failure()).isNull();
    if (verdict.outcome() != Outcome.BORNE && !NOT_COUNTED.contains(shape.name())) {
      assertThat(node.wrongs(0)).as("counted").isNotEqualTo(before);
    }
    witness.passes(FRAMES);
  }
}
