package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.fabric.pki.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whoever is not who they should be gets nothing through, with one clear line, and nobody else
/// notices.
class RefusalTest {
  @TempDir Path directory;
  private Pki pki;
  private TestNode b;
  private TestNode good;
  private TestNode.Plug plug;

  @BeforeEach
  void aNodeAndOneThatIsWelcome() {
    pki = new Pki(directory, "braid");
    b = new TestNode("b", pki.issue("b"), TransportKind.AUTO, true).serve();
    good = new TestNode("good", pki.issue("good"), TransportKind.AUTO, false);
    plug = good.connect(b);
    good.awaitConnected(plug);
    b.events.clear();
  }

  @AfterEach
  void theOtherNodeWasNotDisturbed() {
    assertThat(good.connected(plug)).isTrue();
    assertThat(good.events).extracting(FabricEvent::kind).containsOnly(FabricEvent.Kind.CONNECTED);
    good.close();
    b.close();
  }

  /// Our own nodes would not even start with such files.
  private void refused(TlsFiles files, String detail) throws Exception {
    try (SSLSocket bad = TlsSocket.to(b.fabric.address(), files, "TLSv1.3")) {
      try {
        bad.startHandshake();
      } catch (IOException e) {
        // refused before its last message was out
      }
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail()).contains(detail);
      assertThat(closedByPeer(bad)).isTrue();
    }
    assertThat(b.plugs).as("only the welcome one").hasSize(1);
  }

  @Test
  void aCertificateOfAnotherAuthority() throws Exception {
    TlsFiles foreign = new Pki(directory, "other").issue("a");
    refused(
        new TlsFiles(pki.issue("x").ca(), foreign.certificate(), foreign.key()),
        "no certificate of our authority");
  }

  @Test
  void aCertificateOfAnAuthorityThatOnlyHasTheSameName() throws Exception {
    Path elsewhere = directory.resolve("elsewhere");
    assertThat(elsewhere.toFile().mkdir()).isTrue();
    TlsFiles foreign = new Pki(elsewhere, "braid").issue("a");
    refused(
        new TlsFiles(pki.issue("x").ca(), foreign.certificate(), foreign.key()),
        "not of our authority");
  }

  @Test
  void anExpiredCertificate() throws Exception {
    refused(pki.issue("a", true, Duration.ofHours(-1)), "has expired");
  }

  @Test
  void aServerOfAnotherAuthority() {
    TlsFiles files = new Pki(directory, "other").issue("a");
    try (TestNode a = new TestNode("a", files, TransportKind.AUTO, false)) {
      TestNode.Plug bad = a.connect(b);
      assertThat(a.awaitEvent(FabricEvent.Kind.REFUSED).detail()).contains("not of our authority");
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail())
          .contains("refuses our certificate");
      assertThat(a.connected(bad)).isFalse();
    }
  }

  @Test
  void aServerOfAnotherName() {
    try (TestNode a = new TestNode("a", pki.issue("a"), TransportKind.AUTO, false)) {
      TestNode.Plug bad = a.connect("bond0", "c", "n0", b.fabric.address());
      assertThat(a.awaitEvent(FabricEvent.Kind.REFUSED).detail())
          .contains("is b, not c")
          .contains("correct the address");
      assertThat(a.connected(bad)).isFalse();
    }
  }

  @Test
  void theNameMayBeTheCommonNameAlone() {
    TlsFiles files = pki.issue("a", false, Duration.ofDays(1));
    try (TestNode a = new TestNode("a", files, TransportKind.AUTO, false)) {
      a.awaitConnected(a.connect(b));
    }
  }

  @Test
  void aPeerThatSpeaksNoTls() throws Exception {
    try (Socket plain = new Socket()) {
      plain.connect(b.fabric.address());
      plain.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail()).contains("speaks no TLS");
      assertThat(closedByPeer(plain)).isTrue();
    }
  }

  private static boolean closedByPeer(Socket socket) {
    try (InputStream in = socket.getInputStream()) {
      socket.setSoTimeout(10_000);
      while (in.read() >= 0) {
        // an alert, perhaps
      }
      return true;
    } catch (IOException e) {
      return !(e instanceof java.net.SocketTimeoutException);
    }
  }

  @Test
  void aServerThatSpeaksNoTls() throws Exception {
    try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        TestNode a = new TestNode("a", pki.issue("a"), TransportKind.AUTO, false)) {
      a.connect("bond0", "b", "n0", (InetSocketAddress) plain.getLocalSocketAddress());
      try (Socket from = plain.accept()) {
        from.getOutputStream().write("220 smtp\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(a.awaitEvent(FabricEvent.Kind.REFUSED).detail()).contains("speaks no TLS");
      }
    }
  }

  @Test
  void aPeerThatOnlyKnowsTls12() throws Exception {
    TlsFiles files = pki.issue("a");
    try (SSLSocket old = TlsSocket.to(b.fabric.address(), files, "TLSv1.2")) {
      try {
        old.startHandshake();
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("protocol_version");
      }
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail()).contains("TLS 1.3");
    }
  }

  @Test
  void aPeerWithoutACertificate() throws Exception {
    try (SSLSocket bare = TlsSocket.to(b.fabric.address(), pki.issue("a").ca(), "TLSv1.3")) {
      bare.startHandshake();
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail()).contains("has no certificate");
    }
  }

  @Test
  void aPeerThatConnectsAndSaysNothing() throws Exception {
    try (Socket mute = new Socket()) {
      mute.connect(b.fabric.address());
      assertThat(b.awaitEvent(FabricEvent.Kind.HUNG).detail()).contains("handshake");
      assertThat(closedByPeer(mute)).isTrue();
    }
  }

  @Test
  void aPeerWithTlsThatSaysNoHello() throws Exception {
    try (SSLSocket mute = TlsSocket.to(b.fabric.address(), pki.issue("a"), "TLSv1.3")) {
      mute.startHandshake();
      assertThat(b.awaitEvent(FabricEvent.Kind.HUNG).detail()).contains("did not say who it is");
      assertThat(closedByPeer(mute)).isTrue();
    }
  }

  @Test
  void aPeerThatSendsJunkInsideTls() throws Exception {
    try (SSLSocket junk = TlsSocket.to(b.fabric.address(), pki.issue("a"), "TLSv1.3")) {
      junk.startHandshake();
      junk.getOutputStream().write(new byte[4096]);
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail())
          .contains("the first record is no greeting");
      assertThat(closedByPeer(junk)).isTrue();
    }
  }

  @Test
  void aGreetingWithAnotherNameThanTheCertificates() throws Exception {
    try (SSLSocket liar = TlsSocket.to(b.fabric.address(), pki.issue("mallory"), "TLSv1.3")) {
      liar.startHandshake();
      liar.getOutputStream().write(TlsSocket.hello("good", "bond0", "n0"));
      assertThat(b.awaitEvent(FabricEvent.Kind.REFUSED).detail())
          .contains("calls itself good")
          .contains("mallory");
      assertThat(closedByPeer(liar)).isTrue();
    }
  }

  /// It has a session, sends nothing and reads nothing: what waits for it is bounded, and it is
  /// given up.
  @Test
  void aPeerThatStopsReading() throws Exception {
    try (SSLSocket stuck = TlsSocket.to(b.fabric.address(), pki.issue("a"), "TLSv1.3")) {
      stuck.startHandshake();
      stuck.getOutputStream().write(TlsSocket.hello("a", "bond0", "n0"));
      b.awaitEvent(FabricEvent.Kind.CONNECTED);
      TestNode.Plug session = b.session();
      int[] next = {0};
      TestNode.eventually(
          () -> {
            next[0] = b.send(session, next[0], next[0] + 200, 3000);
            return b.events.stream().anyMatch(e -> e.kind() == FabricEvent.Kind.HUNG);
          });
      assertThat(b.worker.call(() -> session.port().inFlight())).isLessThanOrEqualTo(256);
    }
  }
}
