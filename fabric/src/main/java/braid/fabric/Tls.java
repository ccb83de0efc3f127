package braid.fabric;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
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

  /// Reads the files.
  ///
  /// @param node whose certificate it must be
  /// @throws FabricException naming the file
  static Tls of(TlsFiles files, String node) {
    readable("CA", files.ca());
    readable("certificate", files.certificate());
    readable("key", files.key());
    File ca = files.ca().toFile();
    File certificate = files.certificate().toFile();
    File key = files.key().toFile();
    own(files.certificate(), node);
    try {
      return new Tls(
          settings(SslContextBuilder.forClient().keyManager(certificate, key), ca)
              .endpointIdentificationAlgorithm(null)
              .build(),
          settings(SslContextBuilder.forServer(certificate, key), ca)
              .clientAuth(ClientAuth.REQUIRE)
              .build());
    } catch (SSLException | IllegalArgumentException e) {
      throw new FabricException(
          "TLS files "
              + files
              + ": "
              + Refusal.root(e)
              + ". Wanted: PEM, the key PKCS#8 without password and that of the certificate",
          e);
    }
  }

  private static SslContextBuilder settings(SslContextBuilder builder, File ca) {
    return builder
        .sslProvider(SslProvider.JDK)
        .protocols("TLSv1.3")
        .ciphers(CIPHERS)
        .trustManager(ca);
  }

  private static void readable(String what, Path file) {
    if (!Files.isReadable(file)) {
      throw new FabricException(
          "TLS " + what + " file " + file + " cannot be read: does it exist, may we?", null);
    }
  }

  private static void own(Path file, String node) {
    try (var in = Files.newInputStream(file)) {
      X509Certificate own =
          (X509Certificate)
              java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in);
      if (!names(own).contains(node)) {
        throw new FabricException(
            "certificate "
                + file
                + " is for "
                + String.join(", ", names(own))
                + ", this node is "
                + node
                + ": issue one with its name",
            null);
      }
    } catch (java.io.IOException | CertificateException e) {
      throw new FabricException("certificate " + file + ": " + e.getMessage(), e);
    }
  }

  /// The names in the peer's certificate, none if it has none.
  static Set<String> names(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate peer ? names(peer) : Set.of();
    } catch (SSLException | CertificateException e) {
      return Set.of();
    }
  }

  private static Set<String> names(X509Certificate certificate) throws CertificateException {
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
    } catch (CertificateParsingException e) {
      return Set.of();
    }
    for (RDN rdn : new JcaX509CertificateHolder(certificate).getSubject().getRDNs(BCStyle.CN)) {
      names.add(IETFUtils.valueToString(rdn.getFirst().getValue()));
    }
    return names;
  }
}
