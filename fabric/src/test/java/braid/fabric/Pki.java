package braid.fabric;

import braid.fabric.pki.TlsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate authority for tests, good and bad.
final class Pki {
  private static long serial = 1;

  private final Path directory;
  private final String name;
  private final KeyPair keys = keys();
  private final Path file;

  Pki(Path directory, String name) {
    this.directory = directory;
    this.name = name;
    this.file = directory.resolve(name + ".ca.pem");
    write(file, "CERTIFICATE", certificate("CN=" + name, keys, true, true, Duration.ofDays(2)));
  }

  /// A node's files, valid for a day.
  TlsFiles issue(String node) {
    return issue(node, true, Duration.ofDays(1));
  }

  /// A node's files.
  ///
  /// @param san   the name is a DNS SAN too, not only the CN
  /// @param until how long valid; negative: since when expired
  TlsFiles issue(String node, boolean san, Duration until) {
    KeyPair own = keys();
    Path certificate = directory.resolve(node + "-" + serial + ".pem");
    Path key = directory.resolve(node + "-" + serial + ".key");
    write(certificate, "CERTIFICATE", certificate("CN=" + node, own, false, san, until));
    write(key, "PRIVATE KEY", own.getPrivate().getEncoded());
    return new TlsFiles(file, certificate, key);
  }

  private byte[] certificate(
      String subject, KeyPair of, boolean authority, boolean san, Duration until) {
    try {
      Instant now = Instant.now();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              new X500Name("CN=" + name),
              BigInteger.valueOf(serial++),
              Date.from(now.minus(Duration.ofDays(3))),
              Date.from(now.plus(until)),
              new X500Name(subject),
              of.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (san && !authority) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(new GeneralName(GeneralName.dNSName, subject.substring(3))));
      }
      X509Certificate made =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(
                      new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
      return made.getEncoded();
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static void write(Path file, String what, byte[] bytes) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    try {
      Files.writeString(
          file, "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
