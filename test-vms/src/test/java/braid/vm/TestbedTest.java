package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class TestbedTest {
  private static final Path LOGS = Path.of("target", "logs", "testbed");

  @Test
  void nothingIsLeftAfterClosing() {
    String namespace;
    Path directory;
    Child sleeper;
    try (Testbed testbed = Testbed.open(LOGS)) {
      Namespace there = testbed.namespace("there");
      namespace = there.name();
      directory = testbed.directory();
      sleeper = testbed.start("sleeper", there, List.of("sleep", "600"));
      assertThat(there.run("cat", "/proc/" + sleeper.pid() + "/comm")).isEqualTo("sleep\n");
    }
    assertThat(sleeper.alive()).isFalse();
    assertThat(directory).doesNotExist();
    assertThat(Testbed.run(List.of("ip", "netns", "list"))).doesNotContain(namespace);
  }

  @Test
  void theNextTestbedRemovesWhatAKilledOneLeft() throws Exception {
    // The id of a process that is gone.
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    String name = "braid-" + gone.pid() + "-left-over";
    Testbed.run(List.of("ip", "netns", "add", name));
    Process inside = new ProcessBuilder("ip", "netns", "exec", name, "sleep", "600").start();
    Path directory = Files.createTempDirectory("braid-" + gone.pid() + "-");
    while (Testbed.run(List.of("ip", "netns", "pids", name)).isEmpty()) {
      Thread.onSpinWait();
    }

    Testbed.open(LOGS).close();

    assertThat(inside.waitFor()).isEqualTo(128 + 9);
    assertThat(Testbed.run(List.of("ip", "netns", "list"))).doesNotContain(name);
    assertThat(directory).doesNotExist();
  }

  @Test
  void aLanCarriesTrafficUntilItsPortIsSilencedOrUnplugged() {
    try (Testbed testbed = Testbed.open(LOGS)) {
      Lan lan = Lan.create(testbed, "lan");
      Namespace a = testbed.namespace("a");
      Namespace b = testbed.namespace("b");
      lan.attach("pa", a, "eth0");
      lan.attach("pb", b, "eth0");
      a.address("eth0", "10.8.0.1/24");
      b.address("eth0", "10.8.0.2/24");
      assertThat(a.run("ping", "-c", "2", "-i", "0.2", "10.8.0.2")).contains("2 received");

      lan.silence("pb");
      assertThat(b.run("cat", "/sys/class/net/eth0/carrier")).isEqualTo("1\n");
      assertThatThrownBy(() -> a.run("ping", "-c", "1", "-W", "1", "10.8.0.2"))
          .hasMessageContaining("0 received");
      lan.restore("pb");
      assertThat(a.run("ping", "-c", "1", "-W", "5", "10.8.0.2")).contains("1 received");

      lan.unplug("pb");
      assertThat(b.run("cat", "/sys/class/net/eth0/carrier")).isEqualTo("0\n");
      lan.plug("pb");
      assertThat(a.run("ping", "-c", "1", "-W", "5", "10.8.0.2")).contains("1 received");
    }
  }

  @Test
  void theEndsOfACableHaveDifferentIndexes() {
    try (Testbed testbed = Testbed.open(LOGS)) {
      Namespace a = testbed.namespace("a");
      Namespace b = testbed.namespace("b");
      a.veth("here", b, "there");
      assertThat(a.run("cat", "/sys/class/net/here/ifindex"))
          .isNotEqualTo(b.run("cat", "/sys/class/net/there/ifindex"));
    }
  }

  @Test
  void aLineThatNeverComesIsReportedWithWhatCameInstead() {
    try (Testbed testbed = Testbed.open(LOGS)) {
      Child echo = testbed.start("echo", null, List.of("echo", "something else"));
      assertThatThrownBy(
              () -> echo.console().await(Pattern.compile("READY"), Duration.ofSeconds(30)))
          .isInstanceOf(TestbedException.class)
          .hasMessageContaining("echo: no line like 'READY' before it ended")
          .hasMessageContaining("something else");
      assertThat(echo.awaitExit(Duration.ofSeconds(5))).isZero();
    }
  }
}
