package braid.fabric.pki;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.jspecify.annotations.Nullable;

/// Certificates and keys as PEM files (RFC 7468): what OpenSSL, Netty and most tools read.
///
/// In a folder, the authority is `ca.pem` and `ca.key`, a node is `NODE.pem` and `NODE.key`. Keys
/// are PKCS #8, readable by their owner only; a file is there whole or not at all.
public final class PemFiles {
  /// File name of an authority, without its ending.
  public static final String AUTHORITY = "ca";

  private static final String CERTIFICATE = ".pem";
  private static final String KEY = ".key";
  private static final int LINE = 64; // RFC 7468, section 2
  private static final int SIZE_MAX = 1 << 20; // many times the largest bundle of a system

  private PemFiles() {}

  /// Where the certificate called `name` is in `folder`.
  public static Path certificate(Path folder, String name) {
    return folder.resolve(name + CERTIFICATE);
  }

  /// Where the key of `name` is in `folder`.
  public static Path key(Path folder, String name) {
    return folder.resolve(name + KEY);
  }

  /// Writes `name.pem` and `name.key`; makes the folder.
  ///
  /// @param folder   where to
  /// @param name     [#AUTHORITY], or the node's name
  /// @param identity what to write
  /// @param replace  false: an existing file is an error, and nothing is written
  public static void write(Path folder, String name, Identity identity, boolean replace) {
    Path certificate = certificate(folder, name);
    Path key = key(folder, name);
    if (!replace) {
      refuseExisting(certificate);
      refuseExisting(key);
    }
    try {
      Files.createDirectories(folder);
      write(key, pem("PRIVATE KEY", identity.key().getEncoded()), "rw-------", replace);
      write(certificate, pem(identity.certificate()), "rw-r--r--", replace);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /// Writes one certificate.
  ///
  /// @param file        where to
  /// @param certificate what
  /// @param replace     false: an existing file is an error
  public static void write(Path file, X509Certificate certificate, boolean replace) {
    try {
      write(file, pem(certificate), "rw-r--r--", replace);
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  /// Reads `name.pem` and `name.key` of a folder.
  public static Identity read(Path folder, String name) {
    return new Identity(
        readCertificates(certificate(folder, name)).getFirst(), readKey(key(folder, name)));
  }

  /// All certificates of a file, in its order; at least one.
  public static List<X509Certificate> readCertificates(Path file) {
    List<X509Certificate> found = new ArrayList<>();
    try (PEMParser parser = new PEMParser(text(file))) {
      JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
      for (Object part = parser.readObject(); part != null; part = parser.readObject()) {
        if (part instanceof X509CertificateHolder holder) {
          found.add(converter.getCertificate(holder));
        }
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw e instanceof PkiException known ? known : damaged(file, "certificate", e);
    }
    if (found.isEmpty()) {
      throw new PkiException(
          file.toString(), "holds no certificate", "Give a PEM file (-----BEGIN CERTIFICATE-----)");
    }
    return found;
  }

  /// The private key of a file: PKCS #8, or OpenSSL's own form (`EC PRIVATE KEY`).
  ///
  /// A key that everybody on the machine can read is refused: it is no secret any more.
  public static PrivateKey readKey(Path file) {
    try (PEMParser parser = new PEMParser(text(file))) {
      refuseReadableByAll(file);
      for (Object part = parser.readObject(); part != null; part = parser.readObject()) {
        PrivateKeyInfo info = keyIn(file, part);
        if (info != null) {
          return new JcaPEMKeyConverter().getPrivateKey(info);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw e instanceof PkiException known ? known : damaged(file, "key", e);
    }
    throw new PkiException(
        file.toString(), "holds no private key", "Give a PEM file (-----BEGIN PRIVATE KEY-----)");
  }

  private static @Nullable PrivateKeyInfo keyIn(Path file, Object part) {
    return switch (part) {
      case PrivateKeyInfo info -> info;
      case PEMKeyPair pair -> pair.getPrivateKeyInfo();
      case PKCS8EncryptedPrivateKeyInfo _, PEMEncryptedKeyPair _ ->
          throw new PkiException(
              file.toString(),
              "the key is encrypted, and nobody is there to type a passphrase",
              "Decrypt it: openssl pkey -in " + file + " -out plain.key");
      default -> null; // curve parameters, certificates beside the key
    };
  }

  private static Reader text(Path file) throws IOException {
    try {
      if (Files.size(file) > SIZE_MAX) {
        throw new PkiException(
            file.toString(), "is longer than " + SIZE_MAX + " bytes", "Give a PEM file");
      }
      return new StringReader(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException _) {
      throw new PkiException(
          file.toString(),
          "no such file",
          "Make it with 'braid certs init' and 'braid certs issue', or correct the path");
    } catch (java.nio.file.AccessDeniedException _) {
      throw new PkiException(
          file.toString(), "may not be read", "Let the user that runs Braid read it");
    }
  }

  private static void refuseReadableByAll(Path file) throws IOException {
    if (Files.getFileStore(file).supportsFileAttributeView("posix")
        && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
      throw new PkiException(
          file.toString(), "everybody on this machine can read this key", "chmod 600 " + file);
    }
  }

  private static void refuseExisting(Path file) {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(file);
    }
  }

  private static PkiException exists(Path file) {
    return new PkiException(
        file.toString(), "exists", "Choose another folder, or give --force to replace it");
  }

  private static PkiException damaged(Path file, String what, Exception cause) {
    PkiException failure =
        new PkiException(
            file.toString(),
            "the " + what + " cannot be read (" + cause.getMessage() + ")",
            "The file is damaged or is no PEM file: copy it again");
    failure.initCause(cause);
    return failure;
  }

  private static PkiException unwritable(Path where, IOException cause) {
    PkiException failure =
        new PkiException(
            where.toString(),
            "cannot be written (" + cause + ")",
            "Choose a folder that you may write to");
    failure.initCause(cause);
    return failure;
  }

  /// Whole or not at all, and with its rights from the first moment.
  private static void write(Path file, String text, String rights, boolean replace)
      throws IOException {
    FileAttribute<Set<PosixFilePermission>> attribute =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights));
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(file + " is no file name");
    }
    Path temporary = Files.createTempFile(folder, "." + file.getFileName(), null, attribute);
    try {
      Files.setPosixFilePermissions(temporary, attribute.value());
      Files.writeString(temporary, text, StandardCharsets.US_ASCII);
      if (replace) {
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.createLink(file, temporary); // unlike a rename, never replaces
      }
    } catch (FileAlreadyExistsException _) {
      throw exists(file);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static String pem(X509Certificate certificate) throws IOException {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String pem(String label, byte[] der) {
    String body = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }
}
