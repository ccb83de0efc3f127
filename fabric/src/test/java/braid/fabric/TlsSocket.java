package braid.fabric;

import braid.fabric.pki.TlsFiles;
import braid.port.LinkState;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// A blocking TLS client for peers that do not behave.
final class TlsSocket {
  private TlsSocket() {}

  static SSLSocket to(InetSocketAddress address, TlsFiles files, String protocol) throws Exception {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    String pem = Files.readString(files.key());
    byte[] key = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
    own.setKeyEntry(
        "own",
        KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)),
        new char[0],
        new Certificate[] {certificate(files.certificate())});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, new char[0]);
    return socket(address, files.ca(), protocol, keys.getKeyManagers());
  }

  /// Without a certificate.
  static SSLSocket to(InetSocketAddress address, Path ca, String protocol) throws Exception {
    return socket(address, ca, protocol, null);
  }

  private static SSLSocket socket(
      InetSocketAddress address, Path ca, String protocol, KeyManager @Nullable [] keys)
      throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", certificate(ca));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys, trust.getTrustManagers(), null);
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
    socket.setEnabledProtocols(new String[] {protocol});
    socket.connect(address);
    return socket;
  }

  private static Certificate certificate(Path file) throws Exception {
    try (var in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  /// A greeting as it goes over the wire.
  static byte[] hello(String node, String user, String nic) {
    try (Arena arena = Arena.ofConfined()) {
      long at = arena.allocate(512).address();
      int bytes =
          new Hello(1, 1, 77, 0, 0, 4096, 1 << 24, false, LinkState.UP, node, user, nic).write(at);
      byte[] out = new byte[bytes];
      Memory.read(at, out, 0, bytes);
      return out;
    }
  }
}
