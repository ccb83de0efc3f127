package braid.fabric.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificatesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir Path folder;

  @Test
  void aNodesCertificateCarriesItsNameAndBothUses() throws Exception {
    Identity ca = Certificates.authority("lab", Validity.days(NOW, 10), RANDOM);
    Identity node = Certificates.issue(ca, "node-a.lab", Validity.days(NOW, 5), RANDOM);

    node.certificate().verify(ca.certificate().getPublicKey());
    assertThat(node.name()).isEqualTo("node-a.lab");
    assertThat(node.certificate().getSubjectAlternativeNames())
        .containsExactly(List.of(2, "node-a.lab"));
    assertThat(node.certificate().getExtendedKeyUsage())
        .containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    assertThat(node.certificate().getBasicConstraints()).isNegative();
    assertThat(ca.certificate().getBasicConstraints()).isZero();
    assertThat(node.certificate().getNotAfter().toInstant())
        .isEqualTo(NOW.plus(Duration.ofDays(5)));
    assertThat(node.toString()).isEqualTo("Identity[node-a.lab]");
  }

  @Test
  void aNodeDoesNotOutliveItsAuthority() {
    Identity ca = Certificates.authority("lab", Validity.days(NOW, 10), RANDOM);
    assertThatThrownBy(() -> Certificates.issue(ca, "a", Validity.days(NOW, 11), RANDOM))
        .isInstanceOf(PkiException.class)
        .hasMessageContaining("would outlive its CA")
        .hasMessageContaining("fewer days");
  }

  @Test
  void aNodeSignsNobody() {
    Identity ca = Certificates.authority("lab", Validity.days(NOW, 10), RANDOM);
    Identity node = Certificates.issue(ca, "a", Validity.days(NOW, 5), RANDOM);
    assertThatThrownBy(() -> Certificates.issue(node, "b", Validity.days(NOW, 5), RANDOM))
        .hasMessageContaining("not an authority");
  }

  @Test
  void namesThatAreNoHostNamesAreRefused() {
    for (String name : List.of("", "a b", "../a", "-a", "a-", "a_b", "ä", "a".repeat(64))) {
      assertThatThrownBy(() -> Certificates.checkNodeName(name))
          .as(name)
          .isInstanceOf(PkiException.class)
          .hasMessageContaining("no node name");
    }
    Certificates.checkNodeName("a".repeat(63));
    Certificates.checkNodeName("7");
  }

  @Test
  void filesComeBackAsTheyWereAndKeysAreTheirOwnersOnly() throws IOException {
    Identity ca = authorityIn(folder);
    Identity read = PemFiles.read(folder, PemFiles.AUTHORITY);
    assertThat(read).isEqualTo(ca);
    assertThat(rights("ca.key")).isEqualTo("rw-------");
    assertThat(rights("ca.pem")).isEqualTo("rw-r--r--");
    try (var files = Files.list(folder)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .containsExactlyInAnyOrder("ca.pem", "ca.key");
    }
  }

  @Test
  void nothingIsOverwrittenUnlessToldTo() throws IOException {
    Identity first = authorityIn(folder);
    Identity second = Certificates.authority("other", Validity.days(NOW, 10), RANDOM);
    assertThatThrownBy(() -> PemFiles.write(folder, PemFiles.AUTHORITY, second, false))
        .hasMessageContaining("exists")
        .hasMessageContaining("--force");
    Files.delete(folder.resolve("ca.pem"));
    assertThatThrownBy(() -> PemFiles.write(folder, PemFiles.AUTHORITY, second, false))
        .hasMessageContaining("ca.key");
    assertThat(Files.exists(folder.resolve("ca.pem"))).isFalse();
    assertThat(PemFiles.readKey(folder.resolve("ca.key"))).isEqualTo(first.key());

    PemFiles.write(folder, PemFiles.AUTHORITY, second, true);
    assertThat(PemFiles.read(folder, PemFiles.AUTHORITY)).isEqualTo(second);
    assertThat(rights("ca.key")).isEqualTo("rw-------");
  }

  @Test
  void aNodesFilesLoadAndMakeAContext() {
    Identity ca = authorityIn(folder);
    nodeIn(folder, ca, "a", Validity.days(NOW, 5));
    NodeIdentity loaded = NodeIdentity.load(TlsFiles.in(folder, "a"), NOW);
    assertThat(loaded.node()).isEqualTo("a");
    assertThat(loaded.authorities()).containsExactly(ca.certificate());
    assertThat(loaded.expires()).isEqualTo(NOW.plus(Duration.ofDays(5)));
    SSLContext context = loaded.sslContext(_ -> {});
    assertThat(context.getProtocol()).isEqualTo("TLSv1.3");
  }

  @Test
  void wrongDatesAreNamed() {
    Identity ca = authorityIn(folder);
    nodeIn(folder, ca, "a", Validity.days(NOW, 5));
    TlsFiles files = TlsFiles.in(folder, "a");
    assertThatThrownBy(() -> NodeIdentity.load(files, NOW.plus(Duration.ofDays(6))))
        .hasMessageContaining("expired at 2026-01-06T00:00:00Z")
        .hasMessageContaining("braid certs issue --node a");
    assertThatThrownBy(() -> NodeIdentity.load(files, NOW.minus(Duration.ofDays(6))))
        .hasMessageContaining("valid only from");
  }

  @Test
  void aCertificateOfAnotherAuthorityIsNamed() {
    Identity ca = authorityIn(folder);
    Path elsewhere = folder.resolve("other");
    authorityIn(elsewhere);
    nodeIn(folder, ca, "a", Validity.days(NOW, 5));
    TlsFiles mixed =
        new TlsFiles(elsewhere.resolve("ca.pem"), folder.resolve("a.pem"), folder.resolve("a.key"));
    assertThatThrownBy(() -> NodeIdentity.load(mixed, NOW))
        .isInstanceOf(PkiException.class)
        .hasMessageContaining("no authority of")
        .hasMessageContaining("a.pem");
  }

  @Test
  void aKeyOfAnotherNodeIsNamed() {
    Identity ca = authorityIn(folder);
    nodeIn(folder, ca, "a", Validity.days(NOW, 5));
    nodeIn(folder, ca, "b", Validity.days(NOW, 5));
    TlsFiles mixed =
        new TlsFiles(folder.resolve("ca.pem"), folder.resolve("a.pem"), folder.resolve("b.key"));
    assertThatThrownBy(() -> NodeIdentity.load(mixed, NOW))
        .hasMessageContaining("b.key")
        .hasMessageContaining("does not belong to");
  }

  @Test
  void theAuthorityIsNoNode() {
    authorityIn(folder);
    assertThatThrownBy(() -> NodeIdentity.load(TlsFiles.in(folder, "ca"), NOW))
        .hasMessageContaining("of the authority 'lab', not of a node");
  }

  @Test
  void unusableFilesAreNamed() throws IOException {
    Path key = folder.resolve("x.key");
    assertThatThrownBy(() -> PemFiles.readKey(key)).hasMessageContaining("no such file");
    Files.writeString(key, "hello");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    assertThatThrownBy(() -> PemFiles.readKey(key)).hasMessageContaining("holds no private key");
    Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assertThatThrownBy(() -> PemFiles.readKey(key)).hasMessageContaining("cannot be read");
    Files.writeString(key, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n");
    assertThatThrownBy(() -> PemFiles.readCertificates(key)).hasMessageContaining("cannot be read");
    Files.writeString(
        key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAswBwYDKgMEBQAwAA==\n-----END ENCRYPTED");
    assertThatThrownBy(() -> PemFiles.readKey(key)).isInstanceOf(PkiException.class);
  }

  @Test
  void aKeyThatEverybodyReadsIsRefused() throws IOException {
    authorityIn(folder);
    Path key = folder.resolve("ca.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> PemFiles.readKey(key)).hasMessageContaining("chmod 600");
  }

  private static Identity authorityIn(Path folder) {
    Identity ca = Certificates.authority("lab", Validity.days(NOW, 10), RANDOM);
    PemFiles.write(folder, PemFiles.AUTHORITY, ca, false);
    return ca;
  }

  private static void nodeIn(Path folder, Identity ca, String node, Validity validity) {
    PemFiles.write(folder, node, Certificates.issue(ca, node, validity, RANDOM), false);
  }

  private String rights(String file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(file)));
  }
}
