package braid.fabric;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;

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
    X509Certificate[] ca = certificates(files.ca());
    X509Certificate[] chain = certificates(files.certificate());
    PrivateKey key = key(files.key());
    Set<String> names = names(chain[0]);
    if (!names.contains(node)) {
      throw bad(
          files.certificate(),
          "is for " + String.join(", ", names) + ", this node is " + node,
          "issue one with its name",
          null);
    }
    if (!belong(key, chain[0])) {
      throw bad(
          files.key(),
          "is not the key of " + files.certificate(),
          "put the two that were issued together",
          null);
    }
    try {
      return new Tls(
          settings(SslContextBuilder.forClient().keyManager(key, chain), ca)
              .endpointIdentificationAlgorithm(null)
              .build(),
          settings(SslContextBuilder.forServer(key, chain), ca)
              .clientAuth(ClientAuth.REQUIRE)
              .build());
    } catch (SSLException e) {
      throw new FabricException("TLS files " + files + ": " + Refusal.root(e), e);
    }
  }

  private static SslContextBuilder settings(SslContextBuilder builder, X509Certificate[] ca) {
    return builder
        .sslProvider(SslProvider.JDK)
        .protocols("TLSv1.3")
        .ciphers(CIPHERS)
        .trustManager(ca);
  }

  private static FabricException bad(
      Path file, String what, String remedy, @Nullable Throwable cause) {
    return new FabricException("TLS file " + file + " " + what + ": " + remedy, cause);
  }

  private static X509Certificate[] certificates(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      X509Certificate[] all =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toArray(X509Certificate[]::new);
      if (all.length > 0) {
        return all;
      }
      throw bad(file, "holds no certificate", "PEM is wanted", null);
    } catch (IOException e) {
      throw bad(file, "cannot be read", "does it exist, may we?", e);
    } catch (CertificateException e) {
      throw bad(file, "is no certificate (" + e.getMessage() + ")", "PEM is wanted", e);
    }
  }

  private static PrivateKey key(Path file) {
    try (PEMParser parser = new PEMParser(Files.newBufferedReader(file))) {
      JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
      return switch (parser.readObject()) {
        case PrivateKeyInfo info -> converter.getPrivateKey(info);
        case PEMKeyPair pair -> converter.getKeyPair(pair).getPrivate();
        case null, default ->
            throw bad(file, "holds no private key", "PEM without password is wanted", null);
      };
    } catch (PEMException e) {
      throw bad(file, "is no private key (" + e.getMessage() + ")", "PEM is wanted", e);
    } catch (IOException e) {
      throw bad(file, "cannot be read", "does it exist, may we?", e);
    }
  }

  /// Signs with one and verifies with the other: TLS itself would only find out with a peer.
  private static boolean belong(PrivateKey key, X509Certificate certificate) {
    String hash = key.getAlgorithm().startsWith("Ed") ? "" : "SHA256with";
    String name = key.getAlgorithm().equals("EC") ? "ECDSA" : key.getAlgorithm();
    try {
      Signature signature = Signature.getInstance(hash + name);
      signature.initSign(key);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // another kind of key
    }
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
