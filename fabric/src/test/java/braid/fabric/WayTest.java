package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What happens to the way between two nodes, over TLS: each fault under its own name.
class WayTest {
  @TempDir Path directory;
  private TestNode a;
  private TestNode b;
  private Way way;
  private TestNode.Plug plug;

  @BeforeEach
  void aSessionOverAWay() {
    Pki pki = new Pki(directory, "braid");
    b = new TestNode("b", pki.issue("b"), TransportKind.AUTO, true).serve();
    a = new TestNode("a", pki.issue("a"), TransportKind.AUTO, false);
    way = new Way(b.fabric.address());
    plug = a.connect("bond0", "b", "n0", way.address());
    a.awaitConnected(plug);
    a.events.clear();
  }

  @AfterEach
  void close() {
    way.close();
    a.close();
    b.close();
  }

  @Test
  void throughManyCutsEachFrameComesOnceAndInOrder() {
    int total = 20_000;
    TestNode.Plug session = b.session();
    List<Integer> there = new ArrayList<>();
    List<Integer> back = new ArrayList<>();
    int[] next = {0, 0};
    for (int cut = 1; cut <= 10; cut++) {
      int until = cut * total / 10;
      int at = until - total / 20;
      TestNode.eventually(
          () -> {
            move(session, next, until, there, back);
            return there.size() >= at;
          });
      way.cut();
    }
    TestNode.eventually(
        () -> {
          move(session, next, total, there, back);
          return there.size() >= total && back.size() >= total;
        });
    assertThat(there).isEqualTo(Lab.numbers(0, total));
    assertThat(back).isEqualTo(Lab.numbers(0, total));
    assertThat(a.events).extracting(FabricEvent::kind).contains(FabricEvent.Kind.LOST);
    assertThat(a.events)
        .extracting(FabricEvent::kind)
        .doesNotContain(FabricEvent.Kind.MISBEHAVED, FabricEvent.Kind.EXPIRED);
    assertThat(b.plugs).as("one session all the time").hasSize(1);
  }

  private void move(
      TestNode.Plug session, int[] next, int until, List<Integer> there, List<Integer> back) {
    next[0] = a.send(plug, next[0], until, 1500);
    next[1] = b.send(session, next[1], until, 200);
    there.addAll(b.take(session));
    back.addAll(a.take(plug));
  }

  @Test
  void aCutIsLost() {
    way.cut();
    FabricEvent lost = a.awaitEvent(FabricEvent.Kind.LOST);
    assertThat(lost.node()).isEqualTo("b");
    assertThat(lost.user()).isEqualTo("bond0");
    assertThat(lost.nic()).isEqualTo("n0");
    a.awaitConnected(plug);
  }

  @Test
  void silenceIsHung() {
    way.silent(true);
    assertThat(a.awaitEvent(FabricEvent.Kind.HUNG).detail()).contains("nothing heard");
    assertThat(a.events).extracting(FabricEvent::kind).doesNotContain(FabricEvent.Kind.LOST);
    way.silent(false);
    way.cut();
    a.awaitConnected(plug);
  }

  @Test
  void noWayIsUnreachable() {
    way.close();
    assertThat(a.awaitEvent(FabricEvent.Kind.UNREACHABLE).detail()).contains("does the node run");
  }

  @Test
  void aNodeThatLeavesSaysSo() {
    b.fabric.close();
    assertThat(a.awaitEvent(FabricEvent.Kind.PEER_CLOSED).detail()).contains("shuts down");
  }
}
