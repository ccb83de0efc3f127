package braid.fabric.directory;

import static org.awaitility.Awaitility.await;

import braid.fabric.pki.Certificates;
import braid.fabric.pki.Identity;
import braid.fabric.pki.NodeIdentity;
import braid.fabric.pki.PemFiles;
import braid.fabric.pki.TlsFiles;
import braid.fabric.pki.Validity;
import braid.port.Clock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A cluster of directories on loopback, in this process, with short times and one authority.
final class Cluster implements AutoCloseable {
  static final ClusterTimings SHORT =
      new ClusterTimings(
          Duration.ofMillis(200),
          Duration.ofMillis(1500),
          Duration.ofMillis(200),
          Duration.ofMillis(900),
          Duration.ofMillis(700),
          Duration.ofMillis(500),
          Duration.ofSeconds(10));

  private final @Nullable Path certificates;
  private final @Nullable Path log;
  private final Map<String, Endpoint> voters = new TreeMap<>();
  private final Map<String, JGroupsDirectory> members = new HashMap<>();

  /// @param certificates folder for the authority and the nodes' files; null: no TLS
  /// @param log          folder for the logs; null: in memory
  Cluster(@Nullable Path certificates, @Nullable Path log, String... names) throws IOException {
    this.certificates = certificates;
    this.log = log;
    for (String name : names) {
      voters.put(name, freePort());
    }
    if (certificates != null) {
      authority(certificates);
      for (String name : names) {
        certify(certificates, name);
      }
    }
  }

  static void authority(Path folder) {
    PemFiles.write(
        folder,
        PemFiles.AUTHORITY,
        Certificates.authority("test", Validity.days(Instant.now(), 2), new SecureRandom()),
        false);
  }

  static void certify(Path folder, String node) {
    Identity ca = PemFiles.read(folder, PemFiles.AUTHORITY);
    PemFiles.write(
        folder,
        node,
        Certificates.issue(ca, node, Validity.days(Instant.now(), 1), new SecureRandom()),
        false);
  }

  static Endpoint freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Endpoint("127.0.0.1", socket.getLocalPort());
    }
  }

  Endpoint voter(String node) {
    return voters.get(node);
  }

  ClusterSettings settings(String node, Endpoint bind, @Nullable Path certificates) {
    return new ClusterSettings(
        "test",
        node,
        bind,
        voters,
        log == null ? null : log.resolve(node),
        certificates == null
            ? null
            : NodeIdentity.load(TlsFiles.in(certificates, node), Instant.now()),
        SHORT);
  }

  JGroupsDirectory open(String node) {
    JGroupsDirectory member =
        JGroupsDirectory.open(settings(node, voters.get(node), certificates), Clock.sinceEpoch());
    members.put(node, member);
    return member;
  }

  JGroupsDirectory open(ClusterSettings settings) {
    JGroupsDirectory member = JGroupsDirectory.open(settings, Clock.sinceEpoch());
    members.put(settings.node(), member);
    return member;
  }

  /// All at once, as after a power cut, and waits until they found each other.
  void openAll() {
    List<CompletableFuture<JGroupsDirectory>> opening = new ArrayList<>();
    for (String node : voters.keySet()) {
      opening.add(
          CompletableFuture.supplyAsync(
              () ->
                  JGroupsDirectory.open(
                      settings(node, voters.get(node), certificates), Clock.sinceEpoch()),
              task -> Thread.ofVirtual().start(task)));
    }
    List<String> names = List.copyOf(voters.keySet());
    for (int i = 0; i < names.size(); i++) {
      members.put(names.get(i), opening.get(i).join());
    }
    for (JGroupsDirectory member : members.values()) {
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> member.map().members().size() == names.size());
    }
  }

  /// The command line of a process that is one of this cluster's nodes, with one NIC.
  static List<String> command(Cluster cluster, String node, @Nullable Path certificates) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Member.class.getName()));
    command.add(node);
    command.add(certificates == null ? "" : certificates.toString());
    cluster.voters.forEach((name, endpoint) -> command.add(name + "=" + endpoint));
    return command;
  }

  /// A node as a process of its own, until it is killed.
  static final class Member {
    private Member() {}

    public static void main(String[] args) throws InterruptedException {
      Map<String, Endpoint> voters = new TreeMap<>();
      for (String voter : List.of(args).subList(2, args.length)) {
        voters.put(
            voter.substring(0, voter.indexOf('=')),
            Endpoint.parse(voter.substring(voter.indexOf('=') + 1)));
      }
      NodeIdentity identity =
          args[1].isEmpty()
              ? null
              : NodeIdentity.load(TlsFiles.in(Path.of(args[1]), args[0]), Instant.now());
      Directory directory =
          JGroupsDirectory.open(
              new ClusterSettings(
                  "test", args[0], voters.get(args[0]), voters, null, identity, SHORT),
              Clock.sinceEpoch());
      directory.publish(List.of(Nics.nic(args[0], "e0")));
      Thread.currentThread().join();
    }
  }

  JGroupsDirectory get(String node) {
    return members.get(node);
  }

  void stop(String node) {
    members.remove(node).close();
  }

  @Override
  public void close() {
    members.values().forEach(JGroupsDirectory::close);
    members.clear();
  }
}
