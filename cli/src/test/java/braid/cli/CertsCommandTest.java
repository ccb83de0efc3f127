package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;

import braid.fabric.pki.NodeIdentity;
import braid.fabric.pki.TlsFiles;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CertsCommandTest {
  @TempDir Path folder;
  private final StringWriter said = new StringWriter();

  @Test
  void whatIsMadeLoadsAndSaysWhatToDoNext() {
    Path pki = folder.resolve("pki");
    Path forA = folder.resolve("for-a");
    assertThat(run("certs", "init", "--out", pki.toString(), "--name", "lab")).isZero();
    assertThat(said.toString())
        .contains("ca.pem", "ca.key", "Next, for each node: braid certs issue");
    assertThat(
            run("certs", "issue", "--ca", pki.toString(), "--node", "a", "--out", forA.toString()))
        .isZero();
    assertThat(said.toString()).contains("a.pem", "for node 'a'", "copy these two and");
    NodeIdentity identity = NodeIdentity.load(TlsFiles.in(forA, "a"), Instant.now());
    assertThat(identity.node()).isEqualTo("a");
    assertThat(Files.exists(forA.resolve("ca.key"))).isFalse();

    assertThat(run("certs", "issue", "--ca", pki.toString(), "--node", "b")).isZero();
    assertThat(NodeIdentity.load(TlsFiles.in(pki, "b"), Instant.now()).node()).isEqualTo("b");
  }

  @Test
  void nothingIsOverwrittenWithoutForce() throws Exception {
    String pki = folder.toString();
    run("certs", "init", "--out", pki);
    String first = Files.readString(folder.resolve("ca.pem"));
    assertThat(run("certs", "init", "--out", pki)).isEqualTo(2);
    assertThat(said.toString()).contains("exists", "--force");
    assertThat(Files.readString(folder.resolve("ca.pem"))).isEqualTo(first);
    assertThat(run("certs", "init", "--out", pki, "--force")).isZero();
    assertThat(Files.readString(folder.resolve("ca.pem"))).isNotEqualTo(first);

    assertThat(run("certs", "issue", "--ca", pki, "--node", "a")).isZero();
    assertThat(run("certs", "issue", "--ca", pki, "--node", "a")).isEqualTo(2);
    assertThat(run("certs", "issue", "--ca", pki, "--node", "a", "--force")).isZero();
  }

  @Test
  void wrongInputIsOneLineAndExitCode2() {
    String pki = folder.toString();
    assertThat(run("certs", "issue", "--ca", pki, "--node", "a")).isEqualTo(2);
    assertThat(said.toString()).contains("ca.pem: no such file").contains("braid certs init");
    run("certs", "init", "--out", pki, "--days", "10");
    assertThat(run("certs", "issue", "--ca", pki, "--node", "a")).isEqualTo(2);
    assertThat(said.toString()).contains("would outlive its CA");
    assertThat(run("certs", "issue", "--ca", pki, "--node", "a b", "--days", "5")).isEqualTo(2);
    assertThat(said.toString()).contains("'a b': is no node name");
    assertThat(run("certs", "issue", "--ca", pki, "--node", "ca", "--days", "5")).isEqualTo(2);
    assertThat(run("certs", "init", "--out", pki, "--days", "0")).isEqualTo(2);
    assertThat(run("certs")).isEqualTo(2);
  }

  private int run(String... arguments) {
    CommandLine braid = Braid.commandLine();
    braid.setOut(new PrintWriter(said, true));
    braid.setErr(new PrintWriter(said, true));
    return braid.execute(arguments);
  }
}
