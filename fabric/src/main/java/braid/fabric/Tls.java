package braid.fabric;

import braid.fabric.pki.NodeIdentity;
import braid.fabric.pki.PkiException;
import braid.fabric.pki.TlsFiles;
import braid.port.Clock;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;

/// TLS 1.3 with certificates on both sides, by the JDK.
///
/// Names are not checked by HTTPS rules but by ours: the node's name, exactly, is a DNS SAN or the
/// CN; which one is expected is known only to [Carrier] and [Sessions].
///
/// @param client for connections that we make
/// @param server for those made to us
record Tls(SslContext client, SslContext server) {
  private static final List<String> CIPHERS =
      List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384");

  /// Subject alternative name of type dNSName (RFC 5280, 4.2.1.6).
  private static final int DNS_NAME = 2;

  /// Reads and checks the files.
  ///
  /// @param node whose certificate it must be
  /// @throws braid.fabric.pki.PkiException naming the file
  static Tls of(TlsFiles files, String node) {
    NodeIdentity own =
        NodeIdentity.load(files, Instant.ofEpochSecond(0, Clock.sinceEpoch().nanos()));
    Set<String> names = names(own.chain().getFirst());
    if (!names.contains(node)) {
      throw new PkiException(
          files.certificate().toString(),
          "the certificate is for " + String.join(", ", names) + ", this node is " + node,
          "Issue one with its name: braid certs issue --node " + node);
    }
    try {
      return new Tls(
          settings(SslContextBuilder.forClient().keyManager(own.key(), own.chain()), own)
              .endpointIdentificationAlgorithm(null)
              .build(),
          settings(SslContextBuilder.forServer(own.key(), own.chain()), own)
              .clientAuth(ClientAuth.REQUIRE)
              .build());
    } catch (SSLException e) {
      throw new FabricException("TLS with " + files + ": " + Refusal.root(e), e);
    }
  }

  private static SslContextBuilder settings(SslContextBuilder builder, NodeIdentity own) {
    return builder
        .sslProvider(SslProvider.JDK)
        .protocols("TLSv1.3")
        .ciphers(CIPHERS)
        .trustManager(own.authorities());
  }

  /// The names in the peer's certificate, none if it has none.
  static Set<String> names(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate peer ? names(peer) : Set.of();
    } catch (SSLException e) {
      return Set.of();
    }
  }

  private static Set<String> names(X509Certificate certificate) {
    Set<String> names = new LinkedHashSet<>();
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      if (alternatives != null) {
        for (List<?> name : alternatives) {
          if (name.get(0) instanceof Integer type && type == DNS_NAME) {
            names.add((String) name.get(1));
          }
        }
      }
      for (RDN rdn : new JcaX509CertificateHolder(certificate).getSubject().getRDNs(BCStyle.CN)) {
        names.add(IETFUtils.valueToString(rdn.getFirst().getValue()));
      }
    } catch (CertificateException e) {
      return Set.of(); // signed by our authority, and still not readable: nobody's
    }
    return names;
  }
}
