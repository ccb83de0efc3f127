package braid.fabric.directory;

import static braid.fabric.directory.Nics.nic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import braid.fabric.directory.DirectoryException.Reason;
import braid.port.Clock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDirectoryTest {
  private static final long MAC = 0x0200_0000_0001L;

  @TempDir Path folder;
  private final List<FileDirectory> opened = new ArrayList<>();

  @AfterEach
  void closeAll() {
    opened.forEach(FileDirectory::close);
  }

  @Test
  void eachSeesWhatTheOtherHas() {
    FileDirectory a = open("a");
    FileDirectory b = open("b");
    a.publish(List.of(nic("a", "e0")));
    b.publish(List.of(nic("b", "e0")));
    for (FileDirectory directory : opened) {
      await().until(() -> directory.map().nics().size() == 2);
      assertThat(directory.map().members()).containsExactly("a", "b");
      assertThat(directory.map().stale()).isFalse();
    }
  }

  @Test
  void watchersAreToldTheMapAsItIsAndEachLaterOne() {
    FileDirectory a = open("a");
    List<Long> versions = Collections.synchronizedList(new ArrayList<>());
    Directory.Watch watch = a.watch(map -> versions.add(map.version()));
    a.watch(
        _ -> {
          throw new IllegalStateException("a watcher with a fault");
        });
    a.publish(List.of(nic("a", "e0")));
    await().until(() -> a.map().nics().size() == 1);
    await().until(() -> versions.contains(a.map().version()));
    assertThat(versions).isSorted().doesNotHaveDuplicates();
    watch.close();
    int told = versions.size();
    a.publish(List.of());
    await().until(() -> a.map().nics().isEmpty());
    assertThat(versions).hasSize(told);
  }

  /// Its own first file is an event too, and is reported while it opens.
  @Test
  void whatHappensInTheFolderMeanwhileDoesNotDisturbTheOpening() {
    for (char c = 'a'; c < 'e'; c++) {
      String name = String.valueOf(c);
      open(name).publish(List.of(nic(name, "e0")));
    }
    for (int i = 0; i < 200; i++) {
      try (FileDirectory late = FileDirectory.open(folder, "z", Clock.sinceEpoch())) {
        assertThat(late.map().members()).contains("a", "b", "c", "d", "z");
      }
    }
  }

  @Test
  void whoLeavesIsGone() {
    FileDirectory a = open("a");
    FileDirectory b = open("b");
    b.publish(List.of(nic("b", "e0")));
    await().until(() -> a.map().nics().size() == 1);
    b.close();
    b.close();
    await().until(() -> a.map().members().equals(List.of("a")));
    assertThat(a.map().nics()).isEmpty();
    assertThatThrownBy(() -> b.claim(MAC).join()).hasMessageContaining("closed");
  }

  @Test
  void aNameInUseIsRefused() {
    open("a");
    assertThatThrownBy(() -> open("a"))
        .isInstanceOf(DirectoryException.class)
        .hasMessageContaining("another process is node 'a'")
        .extracting(e -> ((DirectoryException) e).reason())
        .isEqualTo(Reason.DUPLICATE_NODE);
    for (String name : List.of("", "../a", "a/b", ".a")) {
      assertThatThrownBy(() -> open(name)).hasMessageContaining("cannot name a node");
    }
  }

  @Test
  void anAddressHasOneOwnerAndItsTokenGrows() {
    FileDirectory a = open("a");
    FileDirectory b = open("b");
    Ownership first = a.claim(MAC).join();
    assertThat(first).isEqualTo(new Ownership(MAC, "a", 1));
    assertThat(a.claim(MAC).join()).isEqualTo(first);
    assertThatThrownBy(() -> b.claim(MAC).join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .hasMessageContaining("02:00:00:00:00:01 belongs to a guest of node a")
        .extracting(e -> ((DirectoryException) e).reason())
        .isEqualTo(Reason.HELD);
    await().until(() -> b.owner(MAC).isPresent());

    b.release(MAC).join(); // not its own: nothing happens
    assertThat(a.owner(MAC)).contains(first);
    a.release(MAC).join();
    assertThat(a.owner(MAC)).isEmpty();
    assertThat(b.claim(MAC).join()).isEqualTo(new Ownership(MAC, "b", 2));
    b.close();
    assertThat(a.claim(MAC).join()).isEqualTo(new Ownership(MAC, "a", 3));
  }

  @Test
  void filesThatNobodyOfUsWroteAreIgnoredAndCounted() throws IOException {
    FileDirectory a = open("a");
    FileDirectory b = open("b");
    Path nodes = folder.resolve("nodes");
    Files.writeString(nodes.resolve("README"), "hello");
    Files.writeString(nodes.resolve("nobody.json"), "{}"); // no lock: not alive, not even looked at
    await().until(() -> a.ignoredFiles() == 1);
    Files.writeString(nodes.resolve("b.json"), "{\"format\":1,");
    await().until(() -> a.ignoredFiles() == 2);
    await().until(() -> a.map().members().equals(List.of("a")));
    b.publish(List.of(nic("b", "e0")));
    await().until(() -> a.map().nics().size() == 1);
    assertThat(a.ignoredFiles()).isEqualTo(2);
  }

  @Test
  void aDamagedTokenIsNotGuessed() throws IOException {
    FileDirectory a = open("a");
    Files.writeString(folder.resolve("owners/020000000001.json"), "{\"node\":");
    assertThatThrownBy(() -> a.claim(MAC).join()).hasMessageContaining("is damaged");
    Files.delete(folder.resolve("owners/020000000001.json"));
    assertThat(a.claim(MAC).join().token()).isEqualTo(1);
  }

  @Test
  void aFolderThatCannotBeUsedIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> FileDirectory.open(file, "a", Clock.sinceEpoch()))
        .isInstanceOf(DirectoryException.class)
        .hasMessageContaining("cannot be used");
  }

  @Test
  @Tag("real")
  void aProcessThatIsKilledIsGoneAtOnceAndItsAddressFree() throws Exception {
    FileDirectory a = open("a");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      BufferedReader said =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      assertThat(said.readLine()).isEqualTo("ready");
      await().until(() -> a.map().of("other").size() == 1);
      assertThatThrownBy(() -> a.claim(MAC).join()).hasMessageContaining("node other");
      assertThatThrownBy(() -> open("other")).hasMessageContaining("another process");

      long before = System.nanoTime();
      process.destroyForcibly();
      await()
          .pollInterval(1, TimeUnit.MILLISECONDS)
          .until(() -> a.map().members().equals(List.of("a")));
      System.out.printf("kill -9 seen after %d ms%n", (System.nanoTime() - before) / 1_000_000);
      assertThat(a.map().nics()).isEmpty();
      assertThat(a.claim(MAC).join()).isEqualTo(new Ownership(MAC, "a", 2));
      open("other");
      await().until(() -> a.map().members().contains("other"));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /// Another process of the machine, until it is killed.
  static final class Other {
    private Other() {}

    public static void main(String[] folder) throws InterruptedException {
      FileDirectory directory = FileDirectory.open(Path.of(folder[0]), "other", Clock.sinceEpoch());
      directory.publish(List.of(nic("other", "e0")));
      directory.claim(MAC).join();
      System.out.println("ready");
      Thread.currentThread().join();
    }
  }

  private FileDirectory open(String node) {
    FileDirectory directory = FileDirectory.open(folder, node, Clock.sinceEpoch());
    opened.add(directory);
    return directory;
  }
}
