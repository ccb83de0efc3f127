package braid.cli;

import braid.cli.control.NodeEvent;
import braid.cli.control.NodeView;
import braid.fabric.Fabric;
import braid.fabric.RemoteNic;
import braid.fabric.Window;
import braid.fabric.directory.Directory;
import braid.fabric.directory.Endpoint;
import braid.fabric.directory.FileDirectory;
import braid.fabric.directory.JGroupsDirectory;
import braid.fabric.directory.NicMap;
import braid.fabric.directory.NicRecord;
import braid.fabric.directory.Ownership;
import braid.fabric.pki.NodeIdentity;
import braid.port.Clock;
import braid.port.TapPoint;
import braid.ssi.MemberConfig;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// This node's part in the cluster: the fabric that carries frames to other nodes' NICs and lends
/// ours, and the directory that says which there are. Either may be absent.
///
/// **Thread**: the control thread, except what is said to be for any.
final class Cluster implements AutoCloseable {
  private final Engine engine;
  private final String node;
  private final Peers peers;
  private final Map<String, Lender> lenders = new LinkedHashMap<>();
  private final Window window;
  private @Nullable Fabric fabric;
  private @Nullable Directory directory;
  private @Nullable Claims claims;
  private volatile NicMap map = NicMap.EMPTY;
  private Consumer<NicMap> changed = now -> {};

  private Cluster(Engine engine, NodeConfig config) {
    this.engine = engine;
    this.node = config.node();
    this.peers = new Peers(engine.events(), InstantSource.system(), this::addressOf);
    this.window = config.fabric() == null ? Window.DEFAULT : config.fabric().window();
  }

  /// Joins the cluster as far as the configuration says so.
  ///
  /// @throws braid.fabric.FabricException when a certificate, address or transport cannot be used
  /// @throws braid.fabric.directory.DirectoryException when the directory cannot, or the node's
  ///     name is taken
  static Cluster open(Engine engine, NodeConfig config) {
    Cluster cluster = new Cluster(engine, config);
    try {
      DirectorySpec directory = config.directory();
      if (directory != null) {
        cluster.join(directory, config);
      }
      FabricSpec fabric = config.fabric();
      if (fabric != null) {
        cluster.fabric =
            Fabric.open(
                fabric.settings(config.node()),
                engine.worker(),
                engine.ring(),
                new Random(),
                cluster.peers);
      }
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void join(DirectorySpec spec, NodeConfig config) {
    Directory joined =
        switch (spec.kind()) {
          case FILE -> FileDirectory.open(spec.path(), config.node(), Clock.sinceEpoch());
          case JGROUPS ->
              JGroupsDirectory.open(
                  spec.settings(config.node(), identity(config.fabric())), Clock.sinceEpoch());
        };
    directory = joined;
    claims = new Claims(engine, joined);
    var _ = joined.watch(now -> engine.later(() -> told(now)));
  }

  private static NodeIdentity identity(@Nullable FabricSpec fabric) {
    if (fabric == null) {
      throw new IllegalStateException("a directory of kind jgroups without certificates");
    }
    return NodeIdentity.load(fabric.files(), Instant.now());
  }

  private void told(NicMap now) {
    NicMap before = map;
    map = now;
    var staleness = now.staleness();
    if (staleness != null && !before.stale()) {
      engine.events().publish(new NodeEvent.DirectoryStale(staleness.reason()));
    } else if (!now.stale() && (before.stale() || !before.members().equals(now.members()))) {
      engine.events().publish(new NodeEvent.DirectoryFresh(now.version(), now.members()));
    }
    if (!before.owners().equals(now.owners())) {
      engine.run(() -> lenders.values().forEach(lender -> lender.owners(now.owners())));
    }
    changed.accept(now);
  }

  /// Who hears, on the control thread, of each new map.
  void onChange(Consumer<NicMap> listener) {
    changed = listener;
  }

  /// All NICs, as last told; any thread.
  NicMap map() {
    return map;
  }

  private List<Ownership> owners() {
    return map.owners();
  }

  /// Where others reach our NICs, null when they do not; any thread.
  @Nullable Endpoint address() {
    Fabric open = fabric;
    InetSocketAddress at = open == null ? null : open.address();
    return at == null ? null : new Endpoint(at.getHostString(), at.getPort());
  }

  /// Where a node lends its NICs, as far as the map says; any thread.
  private String addressOf(String other) {
    return map.of(other).stream()
        .map(NicRecord::fabricAddress)
        .filter(Objects::nonNull)
        .map(Endpoint::toString)
        .findFirst()
        .orElse("an unknown address");
  }

  /// Lets other nodes use a NIC.
  void lend(NicUnit nic) {
    Fabric open = fabric;
    if (open != null && open.address() != null) {
      Lender lender = new Lender(engine, nic, this::owners);
      engine.run(
          () -> {
            lenders.put(nic.spec().name(), lender);
            open.serve(nic.spec().name(), lender);
          });
    }
  }

  /// Ends that: sessions are closed.
  void withdraw(NicUnit nic, String reason) {
    Fabric open = fabric;
    if (open != null) {
      engine.run(
          () -> {
            boolean _ = open.withdraw(nic.spec().name(), reason);
            lenders.remove(nic.spec().name());
          });
    }
  }

  /// The NIC is drained, or used again.
  void refresh(NicUnit nic) {
    engine.run(
        () -> {
          Lender lender = lenders.get(nic.spec().name());
          if (lender != null) {
            lender.refresh();
          }
        });
  }

  /// Frames that others sent through a NIC of ours so far; the worker.
  long received(String nic) {
    Lender lender = lenders.get(nic);
    return lender == null ? 0 : lender.received();
  }

  /// A member on another node.
  ///
  /// @throws IllegalStateException without a fabric, which the configuration's check excludes
  RemoteMember reach(String bond, NicRecord nic, MemberConfig config) {
    Fabric open = fabric;
    Endpoint at = nic.fabricAddress();
    if (open == null || at == null) {
      throw new IllegalStateException(config.name() + " cannot be reached");
    }
    RemoteNic remote = new RemoteNic(nic.node(), nic.nic(), at.socketAddress());
    return new RemoteMember(open, bond, remote, config, window.memoryBytes());
  }

  /// Says what NICs we have.
  void publish(Collection<NicRecord> nics) {
    if (directory != null) {
      directory.publish(nics);
    }
  }

  /// A guest's driver is ready, or gone.
  void attached(GuestUnit guest, boolean up) {
    if (claims != null) {
      claims.attached(guest, up);
    }
  }

  /// A guest was taken out.
  void forget(GuestUnit guest) {
    if (claims != null) {
      claims.forget(guest);
    }
  }

  /// Asks again for what the directory could not decide.
  void again() {
    if (claims != null) {
      claims.again();
    }
  }

  /// How we stand with other nodes; any thread.
  List<NodeView.Peer> peers() {
    return peers.view();
  }

  /// Sessions' ports; the worker.
  List<TapPoint> sessions() {
    List<TapPoint> points = new ArrayList<>();
    lenders.values().forEach(lender -> points.addAll(lender.points()));
    return points;
  }

  /// This node's name.
  String node() {
    return node;
  }

  /// Leaves: first the others lose our NICs, then our name. Members on other nodes were taken out
  /// before.
  @Override
  public void close() {
    if (fabric != null) {
      fabric.close();
    }
    if (directory != null) {
      directory.close();
    }
  }
}
