package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The line beside a session whose end says that the peer's process is gone. The keeper here keeps
/// nothing, so the line ends as soon as it is laid: what a kill does, without a kill.
class LifelineTest {
  private static final long GREETING = 0x0042_5241_4944_4c4cL;

  @TempDir Path directory;
  private final List<TestNode> nodes = new ArrayList<>();
  private TestNode a;
  private TestNode b;

  private void nodes(IntPredicate keeper) {
    Pki pki = new Pki(directory, "braid");
    b = new TestNode("b", pki.issue("b"), TransportKind.AUTO, true, keeper).serve();
    a = new TestNode("a", pki.issue("a"), TransportKind.AUTO, false);
    nodes.addAll(List.of(a, b));
  }

  @AfterEach
  void close() {
    nodes.forEach(TestNode::close);
  }

  @Test
  void itsEndIsTheEndOfTheConnectionAndTheSessionGoesOn() {
    AtomicInteger asked = new AtomicInteger();
    nodes(descriptor -> descriptor > 2 && asked.incrementAndGet() == 1);
    TestNode.Plug plug = a.connect(b);
    FabricEvent lost = a.awaitEvent(FabricEvent.Kind.LOST);
    assertThat(lost.detail()).contains("its process ended, or was killed");
    a.awaitConnected(plug);
    assertThat(b.plugs).as("one session all the time").hasSize(1);
    TestNode.eventually(() -> asked.get() >= 2);
  }

  @Test
  void oneThatIsNotKeptMeansNothing() {
    AtomicInteger asked = new AtomicInteger();
    nodes(
        _ -> {
          asked.incrementAndGet();
          return false;
        });
    TestNode.Plug plug = a.connect(b);
    a.awaitConnected(plug);
    TestNode.eventually(() -> asked.get() == 1);
    assertThat(a.connected(plug)).isTrue();
    assertThat(a.events).extracting(FabricEvent::kind).containsExactly(FabricEvent.Kind.CONNECTED);
    assertThat(b.events)
        .as("nobody was refused")
        .extracting(FabricEvent::kind)
        .doesNotContain(FabricEvent.Kind.REFUSED, FabricEvent.Kind.LOST, FabricEvent.Kind.HUNG);
  }

  @Test
  void aStrangersIsClosedAndNothingIsKept() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    nodes(
        _ -> {
          asked.incrementAndGet();
          return true;
        });
    for (long greeting : new long[] {GREETING, GREETING + 1, 0}) {
      try (Socket stranger = new Socket()) {
        stranger.connect(b.fabric.address());
        stranger
            .getOutputStream()
            .write(ByteBuffer.allocate(16).putLong(greeting).putLong(4711).array());
        assertThat(stranger.getInputStream().read()).as("the end").isEqualTo(-1);
      }
    }
    assertThat(asked).hasValue(0);
  }
}
