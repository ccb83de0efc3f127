package braid.fabric.directory;

import static braid.fabric.directory.Nics.nic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import braid.fabric.directory.DirectoryException.Reason;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionFactory;
import org.jgroups.protocols.DISCARD;
import org.jgroups.protocols.TP;
import org.jgroups.stack.ProtocolStack;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Three members on loopback. What takes time is what must: finding no group, a silence, a merge.
@Tag("real")
class JGroupsDirectoryTest {
  private static final long MAC = 0x0200_0000_0001L;

  @TempDir Path folder;

  @Test
  void threeSeeEachOthersNicsAndAgreeOnOwners() throws Exception {
    try (Cluster cluster =
        new Cluster(folder.resolve("pki"), folder.resolve("log"), "a", "b", "c")) {
      long start = System.nanoTime();
      cluster.openAll();
      for (String node : List.of("a", "b", "c")) {
        cluster.get(node).publish(List.of(nic(node, "e0")));
      }
      for (String node : List.of("a", "b", "c")) {
        soon().until(() -> cluster.get(node).map().nics().size() == 3);
        assertThat(cluster.get(node).map().members()).containsExactly("a", "b", "c");
        assertThat(cluster.get(node).map().stale()).isFalse();
      }
      report("three nodes see three NICs", start);

      // One of them is the leader, two are followers: all can claim.
      start = System.nanoTime();
      Ownership first = cluster.get("b").claim(MAC).join();
      report("first claim, leader elected", start);
      assertThat(first).isEqualTo(new Ownership(MAC, "b", 1));
      start = System.nanoTime();
      for (int i = 2; i <= 21; i++) {
        String node = List.of("a", "b", "c").get(i % 3);
        assertThat(cluster.get(node).claim(MAC + i).join().token()).isEqualTo(i);
      }
      report("twenty claims", start);
      assertThat(cluster.get("b").claim(MAC).join()).isEqualTo(first);
      for (String other : List.of("a", "c")) {
        assertThatThrownBy(() -> cluster.get(other).claim(MAC).join())
            .isInstanceOf(CompletionException.class)
            .cause()
            .hasMessageContaining("02:00:00:00:00:01 belongs to a guest of node b")
            .extracting(e -> ((DirectoryException) e).reason())
            .isEqualTo(Reason.HELD);
        soon().until(() -> cluster.get(other).map().owners().size() == 21);
      }

      start = System.nanoTime();
      cluster.get("c").publish(List.of(nic("c", "e0", false, 0)));
      soon().until(() -> !cluster.get("a").map().find("c", "e0").orElseThrow().carrier());
      report("carrier change seen", start);

      cluster.get("b").release(MAC).join();
      assertThat(cluster.get("a").claim(MAC).join()).isEqualTo(new Ownership(MAC, "a", 22));
    }
  }

  @Test
  void whoeverStopsTheOthersGoOnAndAMajorityLostComesBack() throws Exception {
    try (Cluster cluster =
        new Cluster(folder.resolve("pki"), folder.resolve("log"), "a", "b", "c")) {
      cluster.openAll();
      cluster.get("a").publish(List.of(nic("a", "e0")));
      cluster.get("b").publish(List.of(nic("b", "e0")));
      Ownership owned = cluster.get("c").claim(MAC).join();
      soon().until(() -> cluster.get("b").map().nics().size() == 2);

      String leader = leader(cluster);
      String[] rest =
          List.of("a", "b", "c").stream().filter(n -> !n.equals(leader)).toArray(String[]::new);
      long start = System.nanoTime();
      cluster.stop(leader);
      soon().until(() -> cluster.get(rest[0]).map().members().size() == 2);
      report("leader left, view", start);
      cluster.get(rest[0]).claim(MAC + 1).join();
      report("leader left, next claim", start);
      assertThat(cluster.get(rest[0]).map().stale()).isFalse();
      assertThat(cluster.get(rest[0]).map().of(leader)).isEmpty();

      // The second one: no majority. What is known stays, and is said to be old.
      cluster.get(rest[1]).publish(List.of(nic(rest[1], "e9")));
      soon().until(() -> cluster.get(rest[0]).map().find(rest[1], "e9").isPresent());
      soon().until(() -> cluster.get(rest[0]).owner(MAC).isPresent());
      cluster.stop(rest[1]);
      JGroupsDirectory last = cluster.get(rest[0]);
      soon().until(() -> last.map().stale());
      assertThat(last.map().staleness().reason()).isEqualTo("no majority: 1 of 3 members");
      assertThat(last.map().members()).containsExactly(rest[0]);
      assertThat(last.map().find(rest[1], "e9")).isPresent();
      start = System.nanoTime();
      assertThatThrownBy(() -> last.claim(MAC + 2).join())
          .cause()
          .hasMessage("no majority: 1 of 3 members")
          .extracting(e -> ((DirectoryException) e).reason())
          .isEqualTo(Reason.NO_MAJORITY);
      report("claim refused", start);
      last.publish(List.of(nic(rest[0], "e7")));
      soon().until(() -> last.map().find(rest[0], "e7").isPresent());
      assertThat(last.owner(MAC)).contains(owned);

      start = System.nanoTime();
      JGroupsDirectory back = cluster.open(rest[1]);
      soon().until(() -> !last.map().stale());
      report("majority is back", start);
      soon().until(() -> back.map().find(rest[0], "e7").isPresent());
      assertThat(last.map().find(rest[1], "e9")).as("its earlier life").isEmpty();
      assertThat(last.claim(MAC + 2).join().token()).isGreaterThan(owned.token());
      report("next claim", start);
      // The log knew it, though both processes of a majority ended in between.
      soon().until(() -> back.owner(MAC).isPresent());
      assertThat(back.owner(MAC).orElseThrow().token()).isGreaterThanOrEqualTo(owned.token());
    }
  }

  @Test
  void theCutOffNodeSaysSoAndItsAddressGoesToAnotherAfterAWhile() throws Exception {
    try (Cluster cluster = new Cluster(folder.resolve("pki"), null, "a", "b", "c")) {
      cluster.openAll();
      Ownership owned = cluster.get("c").claim(MAC).join();
      cluster.get("c").publish(List.of(nic("c", "e0")));
      soon().until(() -> cluster.get("a").map().nics().size() == 1);

      long start = System.nanoTime();
      DISCARD cut = new DISCARD();
      cut.discardAll(true);
      cluster
          .get("c")
          .channel()
          .getProtocolStack()
          .insertProtocol(cut, ProtocolStack.Position.ABOVE, TP.class);
      soon().until(() -> cluster.get("c").map().stale());
      soon().until(() -> cluster.get("a").map().members().size() == 2);
      report("cut seen on both sides", start);
      assertThat(cluster.get("a").map().nics()).isEmpty();
      assertThat(cluster.get("c").map().nics()).hasSize(1);

      Ownership taken = cluster.get("b").claim(MAC).join();
      report("address taken over", start);
      assertThat(taken.node()).isEqualTo("b");
      assertThat(taken.token()).isGreaterThan(owned.token());
      assertThat(cluster.get("c").owner(MAC)).contains(owned); // it cannot know

      start = System.nanoTime();
      cut.discardAll(false);
      soon().until(() -> !cluster.get("c").map().stale());
      report("cut mended", start);
      soon().until(() -> cluster.get("c").owner(MAC).equals(java.util.Optional.of(taken)));
      soon().until(() -> cluster.get("a").map().of("c").size() == 1);
      assertThatThrownBy(() -> cluster.get("c").claim(MAC).join())
          .hasMessageContaining("belongs to a guest of node b");
    }
  }

  @Test
  void whoHasNoCertificateOfThisClusterStaysOutside() throws Exception {
    try (Cluster cluster = new Cluster(folder.resolve("pki"), null, "a")) {
      JGroupsDirectory a = cluster.open("a");
      a.publish(List.of(nic("a", "e0")));
      Path other = folder.resolve("other");
      Cluster.authority(other);
      Cluster.certify(other, "x");
      Cluster.certify(folder.resolve("pki"), "y");

      JGroupsDirectory x = cluster.open(cluster.settings("x", Cluster.freePort(), other));
      JGroupsDirectory z = cluster.open(cluster.settings("z", Cluster.freePort(), null));
      try (Socket junk = new Socket(InetAddress.getLoopbackAddress(), cluster.voter("a").port())) {
        junk.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
        for (JGroupsDirectory outside : List.of(x, z)) {
          assertThat(outside.map().members()).doesNotContain("a");
          assertThat(outside.map().stale()).isTrue();
          assertThat(outside.map().nics()).isEmpty();
          assertThatThrownBy(() -> outside.claim(MAC).join()).hasMessageContaining("0 of 1");
        }
        soon().until(() -> a.refusedCertificates() > 0 || x.refusedCertificates() > 0);
        // And one with a certificate joins all the same, without being a voter.
        JGroupsDirectory y =
            cluster.open(cluster.settings("y", Cluster.freePort(), folder.resolve("pki")));
        soon().until(() -> y.map().of("a").size() == 1);
        assertThat(a.map().members()).containsExactly("a", "y");
        assertThat(y.claim(MAC).join()).isEqualTo(new Ownership(MAC, "y", 1));
        soon().until(() -> a.owner(MAC).isPresent());
      }
    }
  }

  @Test
  void aSecondNodeOfOneNameIsRefused() throws Exception {
    try (Cluster cluster = new Cluster(null, null, "a")) {
      cluster.open("a");
      cluster.open(cluster.settings("n", Cluster.freePort(), null));
      ClusterSettings same = cluster.settings("n", Cluster.freePort(), null);
      long start = System.nanoTime();
      assertThatThrownBy(() -> cluster.open(same))
          .isInstanceOf(DirectoryException.class)
          .hasMessageContaining("cluster 'test' has a node 'n' already")
          .extracting(e -> ((DirectoryException) e).reason())
          .isEqualTo(Reason.DUPLICATE_NODE);
      report("duplicate refused", start);
      assertThat(cluster.get("a").map().members()).containsExactly("a", "n");

      assertThatThrownBy(() -> cluster.open(cluster.settings("m", cluster.voter("a"), null)))
          .hasMessageContaining("cannot join cluster 'test' at 127.0.0.1:")
          .hasMessageContaining("port free");
    }
  }

  @ParameterizedTest(name = "TLS {0}")
  @ValueSource(booleans = {true, false})
  void aProcessThatHangsOrIsKilledIsNoticed(boolean tls) throws Exception {
    Path pki = tls ? folder.resolve("pki") : null;
    try (Cluster cluster = new Cluster(pki, null, "a", "b", "k")) {
      cluster.open("a");
      cluster.open("b");
      Process process = new ProcessBuilder(Cluster.command(cluster, "k", pki)).inheritIO().start();
      try {
        soon().until(() -> cluster.get("a").map().of("k").size() == 1);
        soon().until(() -> cluster.get("b").map().of("k").size() == 1);
        long start = System.nanoTime();
        signal("STOP", process);
        noticed(cluster, List.of("a", "b"));
        report("kill -STOP seen by both, TLS " + tls, start);
        cluster.get("a").claim(MAC).join();
        start = System.nanoTime();
        signal("CONT", process);
        noticed(cluster, List.of("a", "b", "k"));
        report("kill -CONT, three again", start);
        soon().until(() -> cluster.get("b").map().of("k").size() == 1);

        start = System.nanoTime();
        process.destroyForcibly();
        noticed(cluster, List.of("a", "b"));
        report("kill -9 seen by both, TLS " + tls, start);
        assertThat(cluster.get("a").map().nics()).isEmpty();
        assertThat(cluster.get("a").map().stale()).isFalse();
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static void noticed(Cluster cluster, List<String> members) {
    for (String node : List.of("a", "b")) {
      soon().until(() -> cluster.get(node).map().members().equals(members));
    }
  }

  private static void signal(String name, Process process) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor())
        .isZero();
  }

  private static String leader(Cluster cluster) {
    var raft =
        cluster
            .get("a")
            .channel()
            .getProtocolStack()
            .<org.jgroups.protocols.raft.RAFT>findProtocol(org.jgroups.protocols.raft.RAFT.class);
    soon().until(() -> raft.leader() != null);
    return org.jgroups.raft.util.Utils.extractRaftId(raft.leader());
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(30)).pollInterval(5, TimeUnit.MILLISECONDS);
  }

  private static void report(String what, long since) {
    System.out.printf("%s: %d ms%n", what, (System.nanoTime() - since) / 1_000_000);
  }
}
