package braid.fabric.pki;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// Makes certificates: an authority, and nodes' certificates that it signs.
///
/// | | authority | node |
/// |---|---|---|
/// | key | EC P-256 | EC P-256 |
/// | common name | as given | the node's name |
/// | subject alternative name | none | DNS: the node's name |
/// | use | sign certificates, path length 0 | TLS server and TLS client |
///
/// Fields and extensions are those of RFC 5280, sections 4.1 and 4.2.
public final class Certificates {
  /// How long an authority is good, days, where nobody says otherwise.
  public static final int AUTHORITY_DAYS = 3650;

  /// How long a node's certificate is good, days, where nobody says otherwise.
  public static final int NODE_DAYS = 825;

  /// The name stands in a DNS subject alternative name (RFC 1123, 2.1), and names files.
  private static final Pattern NODE_NAME =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?");

  private static final int COMMON_NAME_MAX = 64; // RFC 5280, appendix A.1: ub-common-name
  private static final int SERIAL_BITS = 127; // positive and at most 20 octets (RFC 5280, 4.1.2.2)

  private Certificates() {}

  /// A new authority with its key.
  ///
  /// @param name     common name, 1 to 64 characters
  /// @param validity from when until when
  /// @param random   source of the key and of the serial number
  public static Identity authority(String name, Validity validity, SecureRandom random) {
    if (name.isBlank() || name.length() > COMMON_NAME_MAX) {
      throw new PkiException(
          "'" + name + "'",
          "an authority's name has 1 to " + COMMON_NAME_MAX + " characters",
          "Choose a name for the cluster");
    }
    KeyPair keys = keyPair(random);
    X500Name subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, name).build();
    X509v3CertificateBuilder certificate =
        new JcaX509v3CertificateBuilder(
            subject,
            serial(random),
            Date.from(validity.from()),
            Date.from(validity.until()),
            subject,
            keys.getPublic());
    try {
      certificate
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
          .addExtension(
              Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
          .addExtension(
              Extension.subjectKeyIdentifier,
              false,
              new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
      return new Identity(sign(certificate, keys.getPrivate()), keys.getPrivate());
    } catch (GeneralSecurityException | CertIOException e) {
      throw new AssertionError("an authority's extensions are constant", e);
    }
  }

  /// A new certificate and key for a node.
  ///
  /// @param authority who signs
  /// @param node      the node's name: 1 to 63 letters, digits, '-' and '.'
  /// @param validity  from when until when; not longer than the authority's own
  /// @param random    source of the key and of the serial number
  public static Identity issue(
      Identity authority, String node, Validity validity, SecureRandom random) {
    checkNodeName(node);
    X509Certificate issuer = authority.certificate();
    if (issuer.getBasicConstraints() < 0) {
      throw new PkiException(
          authority.name(), "is a node's certificate, not an authority", "Name the CA's folder");
    }
    Instant end = issuer.getNotAfter().toInstant();
    if (validity.until().isAfter(end)) {
      throw new PkiException(
          node,
          "its certificate (until "
              + validity.until()
              + ") would outlive its CA (until "
              + end
              + ")",
          "Give fewer days, or make a new CA");
    }
    KeyPair keys = keyPair(random);
    X509v3CertificateBuilder certificate =
        new JcaX509v3CertificateBuilder(
            issuer,
            serial(random),
            Date.from(validity.from()),
            Date.from(validity.until()),
            new X500Principal("CN=" + node),
            keys.getPublic());
    try {
      addNodeExtensions(certificate, issuer, node, keys.getPublic());
      return new Identity(sign(certificate, authority.key()), keys.getPrivate());
    } catch (GeneralSecurityException | CertIOException e) {
      throw new PkiException(
          node, "the CA cannot sign it (" + e.getMessage() + ")", "Use a CA with an EC key");
    }
  }

  /// Refuses what cannot name a node in a certificate.
  ///
  /// @param node 1 to 63 letters, digits, '-' and '.', the first and last a letter or digit
  public static void checkNodeName(String node) {
    if (!NODE_NAME.matcher(node).matches()) {
      throw new PkiException(
          "'" + node + "'",
          "is no node name",
          "Use 1 to 63 letters, digits, '-' and '.', starting and ending with a letter or digit");
    }
  }

  /// The common name of a certificate: the node that it speaks for; "" when it has none.
  public static String commonName(X509Certificate certificate) {
    X500Name subject = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    RDN[] names = subject.getRDNs(BCStyle.CN);
    return names.length == 0 ? "" : IETFUtils.valueToString(names[0].getFirst().getValue());
  }

  private static void addNodeExtensions(
      X509v3CertificateBuilder certificate, X509Certificate issuer, String node, PublicKey key)
      throws GeneralSecurityException, CertIOException {
    JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
    certificate
        .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
        .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
        .addExtension(
            Extension.extendedKeyUsage,
            false,
            new ExtendedKeyUsage(
                new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}))
        .addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(new GeneralName(GeneralName.dNSName, node)))
        .addExtension(
            Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key))
        .addExtension(
            Extension.authorityKeyIdentifier,
            false,
            identifiers.createAuthorityKeyIdentifier(issuer));
  }

  private static X509Certificate sign(
      X509v3CertificateBuilder certificate, java.security.PrivateKey key)
      throws GeneralSecurityException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              certificate.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e.getMessage(), e);
    }
  }

  private static KeyPair keyPair(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has EC P-256", e);
    }
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(SERIAL_BITS, random).setBit(0);
  }
}
