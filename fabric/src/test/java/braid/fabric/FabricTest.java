package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.fabric.pki.PkiException;
import braid.fabric.pki.TlsFiles;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Two nodes over loopback, with TLS.
class FabricTest {
  @TempDir Path directory;
  private Pki pki;

  @BeforeEach
  void authority() {
    pki = new Pki(directory, "braid");
  }

  private TestNode node(String name, boolean listens) {
    return new TestNode(name, pki.issue(name), TransportKind.AUTO, listens);
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void framesCrossBothWaysOnEveryTransport(TransportKind transport) {
    try (TestNode b = new TestNode("b", pki.issue("b"), transport, true).serve();
        TestNode a = new TestNode("a", pki.issue("a"), transport, false)) {
      TestNode.Plug plug = a.connect(b);
      a.awaitConnected(plug);
      assertThat(a.worker.call(() -> plug.port().link().speedMbps())).isEqualTo(10_000);
      TestNode.Plug session = b.session();
      List<Integer> there = new ArrayList<>();
      List<Integer> back = new ArrayList<>();
      int[] next = {0, 0};
      TestNode.eventually(
          () -> {
            next[0] = a.send(plug, next[0], 5000, 1500);
            next[1] = b.send(session, next[1], 5000, 60);
            there.addAll(b.take(session));
            back.addAll(a.take(plug));
            return there.size() == 5000 && back.size() == 5000;
          });
      assertThat(there).isEqualTo(Lab.numbers(0, 5000));
      assertThat(back).isEqualTo(Lab.numbers(0, 5000));
      TestNode.eventually(() -> a.worker.call(() -> plug.port().inFlight()) == 0);
      if (transport != TransportKind.AUTO) {
        assertThat(a.fabric.transport()).isEqualTo(transport);
      }
      assertThat(a.events).extracting(FabricEvent::kind).containsOnly(FabricEvent.Kind.CONNECTED);
    }
  }

  @Test
  void autoTakesTheBestThatIsThere() {
    try (TestNode a = node("a", false)) {
      TransportKind best = Epoll.isAvailable() ? TransportKind.EPOLL : TransportKind.NIO;
      assertThat(a.fabric.transport())
          .isEqualTo(IoUring.isAvailable() ? TransportKind.IO_URING : best);
    }
  }

  @Test
  void aNodeThatEndsSaysGoodbyeAndIsFoundAgain() {
    try (TestNode a = node("a", false)) {
      InetSocketAddress address;
      TestNode.Plug plug;
      try (TestNode b = node("b", true).serve()) {
        address = b.fabric.address();
        plug = a.connect(b);
        a.awaitConnected(plug);
      }
      assertThat(a.awaitEvent(FabricEvent.Kind.PEER_CLOSED).detail()).contains("node b shuts down");
      assertThat(a.awaitEvent(FabricEvent.Kind.UNREACHABLE).detail()).contains("does the node run");
      assertThat(a.worker.call(() -> plug.port().link().up())).isFalse();
      assertThat(address.getPort()).isPositive();
    }
  }

  @Test
  void severalUsersShareANic() {
    try (TestNode b = node("b", true).serve();
        TestNode a = node("a", false);
        TestNode c = node("c", false)) {
      TestNode.Plug one = a.connect("bond0", "b", "n0", b.fabric.address());
      TestNode.Plug two = a.connect("bond1", "b", "n0", b.fabric.address());
      TestNode.Plug three = c.connect("bond0", "b", "n0", b.fabric.address());
      a.awaitConnected(one);
      a.awaitConnected(two);
      c.awaitConnected(three);
      assertThat(b.worker.call(() -> b.fabric.sessions("n0").size())).isEqualTo(3);
      a.worker.call(
          () -> {
            two.port().close("not needed");
            return true;
          });
      TestNode.eventually(() -> b.closed.contains("not needed"));
      assertThat(a.connected(one)).isTrue();
    }
  }

  @Test
  void certificatesAreReadAnewOnRequest() throws Exception {
    TlsFiles files = pki.issue("a");
    try (TestNode b = node("b", true).serve();
        TestNode a = new TestNode("a", files, TransportKind.AUTO, false)) {
      TlsFiles renewed = pki.issue("a");
      Files.copy(
          renewed.certificate(),
          files.certificate(),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertThatThrownBy(a.fabric::reloadCertificates)
          .isInstanceOf(PkiException.class)
          .hasMessageContaining(files.key().toString());
      Files.copy(renewed.key(), files.key(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      a.fabric.reloadCertificates();
      TestNode.Plug plug = a.connect(b);
      a.awaitConnected(plug);
    }
  }

  @Test
  void anAddressThatIsTakenIsNamed() {
    try (TestNode b = node("b", true)) {
      FabricSettings settings = FabricSettings.of("c", pki.issue("c"), b.fabric.address());
      assertThatThrownBy(
              () ->
                  Fabric.open(
                      settings,
                      b.worker,
                      new braid.port.ParkWaiter(),
                      new java.util.Random(1),
                      e -> {}))
          .isInstanceOf(FabricException.class)
          .hasMessageContaining("cannot listen at")
          .hasMessageContaining(Integer.toString(b.fabric.address().getPort()));
    }
  }

  @Test
  void aCertificateOfAnotherNodeIsNamed() {
    TlsFiles files = pki.issue("a");
    assertThatThrownBy(() -> Tls.of(files, "b"))
        .isInstanceOf(PkiException.class)
        .hasMessageContaining("is for a, this node is b")
        .hasMessageContaining(files.certificate().toString());
  }
}
