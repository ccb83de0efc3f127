package braid.fabric.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// What a node shows to other nodes and by what it judges theirs: read from [TlsFiles] and checked
/// before any socket is opened, so that a wrong file is one clear line at the start instead of a
/// handshake that fails somewhere later.
public final class NodeIdentity {
  private static final byte[] PROBE =
      "braid: does the key belong to the certificate?"
          .getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  private final List<X509Certificate> chain;
  private final PrivateKey key;
  private final List<X509Certificate> authorities;

  private NodeIdentity(
      List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities) {
    this.chain = List.copyOf(chain);
    this.key = key;
    this.authorities = List.copyOf(authorities);
  }

  /// Reads and checks the files: the key belongs to the certificate, an authority of the CA file
  /// signed it, it is valid now and names a node.
  ///
  /// @param files where they are
  /// @param now   the present
  public static NodeIdentity load(TlsFiles files, Instant now) {
    List<X509Certificate> authorities = PemFiles.readCertificates(files.ca());
    List<X509Certificate> chain = PemFiles.readCertificates(files.certificate());
    PrivateKey key = PemFiles.readKey(files.key());
    X509Certificate own = chain.getFirst();
    String where = files.certificate().toString();
    checkDates(where, own, now);
    checkNamed(where, own);
    checkSigned(files, chain, authorities, now);
    checkKey(files, own, key);
    return new NodeIdentity(chain, key, authorities);
  }

  /// The node's name: the common name of its certificate.
  public String node() {
    return Certificates.commonName(chain.getFirst());
  }

  /// This node's certificate first, then those between it and the authority.
  public List<X509Certificate> chain() {
    return chain;
  }

  /// This node's private key; secret.
  public PrivateKey key() {
    return key;
  }

  /// The authorities whose nodes are believed.
  public List<X509Certificate> authorities() {
    return authorities;
  }

  /// When the certificate ends; a node that runs longer cannot be joined any more.
  public Instant expires() {
    return chain.getFirst().getNotAfter().toInstant();
  }

  /// A context of the JDK's TLS with this identity. The other end must be signed by one of
  /// [#authorities]; whoever makes sockets of it asks for a client certificate and for TLS 1.3.
  ///
  /// @param refused told one line for each peer whose certificate is refused; any thread
  public SSLContext sslContext(Consumer<String> refused) {
    try {
      char[] none = new char[0];
      KeyStore mine = KeyStore.getInstance("PKCS12");
      mine.load(null, none);
      mine.setKeyEntry("node", key, none, chain.toArray(new X509Certificate[0]));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(mine, none);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), new TrustManager[] {trustManager(refused)}, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError("key and certificates were checked when they were read", e);
    }
  }

  /// What [#sslContext] judges by, for other TLS engines.
  ///
  /// @param refused told one line for each peer whose certificate is refused; any thread
  public X509ExtendedTrustManager trustManager(Consumer<String> refused) {
    try {
      KeyStore believed = KeyStore.getInstance("PKCS12");
      believed.load(null, new char[0]);
      for (int i = 0; i < authorities.size(); i++) {
        believed.setCertificateEntry("ca" + i, authorities.get(i));
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(believed);
      for (TrustManager manager : trust.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager judge) {
          return new JudgingTrust(judge, refused);
        }
      }
      throw new AssertionError("every JDK judges X.509 certificates");
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError("the certificates were checked when they were read", e);
    }
  }

  private static void checkDates(String where, X509Certificate own, Instant now) {
    if (now.isAfter(own.getNotAfter().toInstant())) {
      throw new PkiException(
          where,
          "the certificate expired at " + own.getNotAfter().toInstant(),
          "Issue a new one: braid certs issue --node " + Certificates.commonName(own) + " --force");
    }
    if (now.isBefore(own.getNotBefore().toInstant())) {
      throw new PkiException(
          where,
          "the certificate is valid only from " + own.getNotBefore().toInstant(),
          "Set this machine's clock; it shows " + now);
    }
  }

  private static void checkNamed(String where, X509Certificate own) {
    String name = Certificates.commonName(own);
    if (name.isEmpty()) {
      throw new PkiException(
          where, "the certificate has no common name", "Issue one whose name is the node's");
    }
    if (own.getBasicConstraints() >= 0) {
      throw new PkiException(
          where,
          "this is the certificate of the authority '" + name + "', not of a node",
          "Give the node's: braid certs issue --node NAME");
    }
  }

  private static void checkSigned(
      TlsFiles files, List<X509Certificate> chain, List<X509Certificate> authorities, Instant now) {
    try {
      PKIXParameters judges =
          new PKIXParameters(
              authorities.stream()
                  .map(authority -> new TrustAnchor(authority, null))
                  .collect(Collectors.toUnmodifiableSet()));
      judges.setRevocationEnabled(false); // a CA of three files has no list of revoked ones
      judges.setDate(Date.from(now));
      List<X509Certificate> path = new ArrayList<>(chain);
      path.removeAll(authorities);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), judges);
    } catch (CertPathValidatorException e) {
      throw new PkiException(
          files.certificate().toString(),
          "no authority of " + files.ca() + " vouches for it (" + e.getMessage() + ")",
          "Take the ca.pem of the CA that issued it");
    } catch (GeneralSecurityException e) {
      throw new PkiException(
          files.ca().toString(), "cannot be used (" + e.getMessage() + ")", "Take the CA's ca.pem");
    }
  }

  private static void checkKey(TlsFiles files, X509Certificate own, PrivateKey key) {
    String algorithm = own.getPublicKey().getAlgorithm();
    boolean theirs;
    try {
      Signature signature =
          Signature.getInstance("EC".equals(algorithm) ? "SHA256withECDSA" : "SHA256withRSA");
      signature.initSign(key);
      signature.update(PROBE);
      byte[] signed = signature.sign();
      signature.initVerify(own);
      signature.update(PROBE);
      theirs = signature.verify(signed);
    } catch (GeneralSecurityException _) {
      theirs = false; // a key of another kind
    }
    if (!theirs) {
      throw new PkiException(
          files.key().toString(),
          "the key does not belong to " + files.certificate(),
          "Give the two files that were issued together");
    }
  }
}
