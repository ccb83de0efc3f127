package braid.cli;

import braid.cli.control.ControlClient;
import braid.cli.control.ControlServer;
import braid.cli.control.DropWatch;
import braid.cli.control.EventHub;
import braid.cli.control.MetricsServer;
import braid.cli.control.NodeControl;
import braid.cli.control.NodeEvent;
import braid.cli.control.NodeView;
import braid.cli.control.RefusedException;
import braid.kernel.LinkMonitor;
import braid.kernel.LinuxException;
import braid.kernel.Urgency;
import braid.port.TapPoint;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running node: guests' devices on one side, this host's NICs and other nodes' on the other.
///
/// ```
///   guest vm1 ─ GuestUnit ─┐                        ┌─ LocalMember a0 ─┐
///   guest vm2 ─ GuestUnit ─┤ Switch ═ BondUnit ─────┤                  Switch ═ NicUnit a0
///                          └                        └─ RemoteMember b/b0   │
///                                    other nodes' sessions ── Lender ──────┘
/// ```
/// **Order of start**: the worker, the cluster, then everything that the configuration names, in
/// the way in which a later change of it would plug it in; the guests' sockets last: QEMU stands
/// still from connecting until it is answered. **Order of end**: the reverse; what the node made it
/// removes.
///
/// **Threads**: see [Engine]. Methods of [NodeControl] are for any thread: they hand over to the
/// control thread and wait.
final class Node implements NodeControl, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");
  private static final long TICK_MILLIS = 1_000;

  private final Source source;
  private final Instant startedAt = Instant.now();
  private final EventHub events = new EventHub(InstantSource.system());
  private final ClosingStack undo = new ClosingStack(LOG);
  private final Engine engine;
  private final Plug plug;
  private final Cluster cluster;
  private final Wiring wiring;
  private final NicLoads loads;
  private final NodeViews views;
  private final MapWatchers watchers = new MapWatchers();
  private @Nullable LinkMonitor links;
  private volatile NodeConfig config;
  private volatile Instant appliedAt = startedAt;
  private volatile List<String> problems = List.of();

  /// Where a configuration comes from.
  ///
  /// @param name  the file, or "command line"
  /// @param again reads it again; null when it cannot be
  record Source(String name, @Nullable Supplier<NodeConfig> again) {}

  private Node(NodeConfig config, Source source, Runnable failed) {
    this.source = source;
    undo.own(events);
    this.engine = undo.own(new Engine(config.spinMicros(), events));
    this.config = empty(config);
    engine.onFailure(failed);
    engine.worker().faults(this::onFault);
    // Before the directory, which has something to say at once.
    engine.worker().start();
    engine.worker().submit(Urgency::raise);
    try {
      this.plug = undo.own(new Plug());
      this.cluster = undo.own(Cluster.open(engine, config));
    } catch (RuntimeException e) {
      undo.close();
      throw e;
    }
    this.wiring = new Wiring(engine, plug, cluster);
    this.loads = new NicLoads();
    this.views = new NodeViews(engine, wiring, cluster);
  }

  private static NodeConfig empty(NodeConfig config) {
    return config.guests(List.of()).bonds(List.of()).nics(List.of());
  }

  /// Starts a node; when this returns every socket answers.
  ///
  /// @param source where `config` is from
  /// @param failed called when the node can no longer work
  /// @throws LinuxException  when the kernel refuses
  /// @throws ConfigException when a file or interface named in the configuration is not there
  static Node start(NodeConfig config, Source source, Runnable failed) {
    Node node = new Node(config, source, failed);
    try {
      node.open(config);
      return node;
    } catch (RuntimeException e) {
      node.close();
      throw e;
    }
  }

  private void open(NodeConfig wanted) {
    Rehearsal.run();
    links = undo.own(LinkMonitor.start(this::linkEvent));
    undo.own(() -> onControl(this::takeDown));
    List<String> failures =
        onControl(
            () -> {
              cluster.onChange(
                  map -> {
                    wiring.follow();
                    watchers.tell(views.nics());
                  });
              List<String> wrong = wiring.apply(ConfigDiff.between(config, wanted), wanted);
              config = wanted;
              watchLinks();
              publish();
              return wrong;
            });
    if (!failures.isEmpty()) {
      throw new ConfigException(source.name, failures.getFirst(), "Mend it and start again");
    }
    engine.every(TICK_MILLIS, this::tick);
    serve(wanted);
    LOG.info(
        "node is ready: {}",
        wiring.guests().stream().map(GuestUnit::describe).collect(Collectors.joining(", ")));
    events.publish(new NodeEvent.NodeChanged(wanted.node(), "ready", ""));
  }

  /// The doors for operators. The default place may be another node's: then this one has none.
  private void serve(NodeConfig wanted) {
    Path socket = wanted.control();
    try {
      undo.own(ControlServer.open(socket == null ? ControlClient.DEFAULT : socket, this));
    } catch (RefusedException e) {
      if (socket != null) {
        throw e;
      }
      LOG.info("no control socket, name one by 'control': {}", e.getMessage());
    }
    HostPort metrics = wanted.metrics();
    if (metrics != null) {
      undo.own(MetricsServer.open(metrics.resolve(), this));
    }
    undo.own(DropWatch.start(views::troubles, events));
  }

  private void linkEvent(braid.kernel.Link link, boolean present) {
    wiring.linkEvent(link, present);
    engine.later(this::publish);
  }

  /// On the worker: a peer that pulled its memory away is ended; anything else is the end of us.
  private boolean onFault(Throwable fault) {
    // Every one is asked: two guests may have shrunk their memory at once.
    boolean handled = false;
    for (GuestUnit guest : wiring.guests()) {
      handled |= guest.onFault(fault);
    }
    if (!handled) {
      engine.fail();
    }
    return handled;
  }

  /// Once a second, on the control thread: what no event tells.
  private void tick() {
    watchLinks();
    cluster.again();
    wiring.restore();
    wiring.follow();
    engine.sweep();
    publish();
  }

  private void watchLinks() {
    if (links != null) {
      links.watch(
          wiring.nics().stream().map(nic -> nic.spec().watched()).collect(Collectors.toSet()));
    }
  }

  private void publish() {
    cluster.publish(
        NicRecords.of(wiring, cluster.node(), cluster.address(), loads.percent(wiring.nics())));
  }

  private <T> T onControl(Callable<T> change) {
    Future<T> answer;
    try {
      answer = engine.control().submit(change);
    } catch (RejectedExecutionException e) {
      throw new RefusedException(
          RefusedException.Kind.CONFLICT, "the node is going down", "Nothing was changed.");
    }
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(
          RefusedException.Kind.FAILED, "interrupted", "The change may still happen.");
    }
  }

  // Changes

  /// Becomes what `next` says.
  ///
  /// @return what was changed, a line each
  /// @throws ConfigException when it cannot be; nothing has changed then
  private List<String> apply(NodeConfig next, String from) {
    ConfigDiff diff = ConfigDiff.between(config, next).requirePossible(from);
    if (diff.isEmpty()) {
      return List.of();
    }
    problems = wiring.apply(diff, next);
    problems.forEach(problem -> LOG.warn("{}: {}", from, problem));
    config = running(next);
    appliedAt = Instant.now();
    publish();
    List<String> changes = new ArrayList<>(diff.lines());
    problems.forEach(problem -> changes.add("not done: " + problem));
    events.publish(new NodeEvent.ConfigApplied(from, changes));
    return changes;
  }

  /// What could not be opened is not running, so that the next attempt tries again.
  private NodeConfig running(NodeConfig next) {
    List<String> names = wiring.guests().stream().map(guest -> guest.spec().name()).toList();
    return next.guests(
        next.guests().stream().filter(guest -> names.contains(guest.name())).toList());
  }

  /// Changes the configuration in force.
  private void change(String what, UnaryOperator<NodeConfig> change) {
    onControl(
        () -> {
          try {
            NodeConfig next = change.apply(config);
            return apply(NodeChecks.consistent(next, new Places(what)), what);
          } catch (ConfigException e) {
            throw new RefusedException(
                RefusedException.Kind.INVALID, String.valueOf(e.getMessage()));
          } catch (LinuxException e) {
            throw new RefusedException(
                RefusedException.Kind.FAILED, String.valueOf(e.getMessage()));
          }
        });
  }

  @Override
  public List<String> reload() {
    Supplier<NodeConfig> again = source.again;
    if (again == null) {
      throw new RefusedException(
          RefusedException.Kind.CONFLICT,
          "this node was started from the command line, so there is no file to read again",
          "Start it with --config FILE.");
    }
    return onControl(
        () -> {
          try {
            return apply(again.get(), source.name);
          } catch (ConfigException | LinuxException e) {
            String why = String.valueOf(e.getMessage());
            events.publish(new NodeEvent.ConfigRefused(source.name, why));
            throw new RefusedException(RefusedException.Kind.INVALID, why);
          }
        });
  }

  /// On SIGHUP: what was wrong was said as an event.
  void reloadQuietly() {
    try {
      reload();
    } catch (RefusedException e) {
      LOG.warn("reload: {}", e.getMessage());
    }
  }

  @Override
  public void setActive(String bond, String member) {
    Bonds.setActive(engine, Bonds.require(wiring, bond), member);
  }

  @Override
  public void setMode(String bond, String mode) {
    change("set-mode " + bond, now -> Bonds.with(now, bond, Map.of("mode", mode)));
  }

  @Override
  public void setOption(String bond, String option, String value) {
    change("set " + bond, now -> Bonds.with(now, bond, Map.of(option, value)));
  }

  @Override
  public void addNic(NodeView.NicSpec nic) {
    change("nic add " + nic.name(), now -> Nics.added(now, nic));
    events.publish(new NodeEvent.NicChanged(nic.name(), NodeEvent.NicChange.ADDED));
  }

  @Override
  public void removeNic(String name, boolean force) {
    onControl(
        () -> {
          Nics.require(wiring, name);
          if (!force) {
            Nics.refuseLast(engine, wiring, name);
          }
          return true;
        });
    change("nic remove " + name, now -> Nics.removed(now, name));
    events.publish(new NodeEvent.NicChanged(name, NodeEvent.NicChange.REMOVED));
  }

  @Override
  public void drainNic(String name, Duration patience) {
    NicUnit nic = Nics.require(wiring, name);
    onControl(
        () -> {
          wiring.drain(nic, true);
          publish();
          return true;
        });
    events.publish(new NodeEvent.NicChanged(name, NodeEvent.NicChange.DRAINING));
    Nics.awaitDrained(engine, wiring, cluster, nic, patience);
    events.publish(new NodeEvent.NicChanged(name, NodeEvent.NicChange.DRAINED));
  }

  @Override
  public void undrainNic(String name) {
    NicUnit nic = Nics.require(wiring, name);
    onControl(
        () -> {
          wiring.drain(nic, false);
          publish();
          return true;
        });
    events.publish(new NodeEvent.NicChanged(name, NodeEvent.NicChange.RESUMED));
  }

  // Questions

  @Override
  public NodeView.Status status() {
    return views.status(
        new NodeViews.About(config, source.name, startedAt, appliedAt, problems, engine.failure()));
  }

  @Override
  public NodeView.NicMap nics() {
    return views.nics();
  }

  @Override
  public Watch watchNics(Consumer<NodeView.NicMap> listener) {
    return watchers.add(listener, views.nics());
  }

  @Override
  public EventHub events() {
    return events;
  }

  @Override
  public Map<String, TapPoint> taps() {
    return views.taps();
  }

  /// The worker stopped by itself.
  boolean failed() {
    return engine.worker().failure() != null;
  }

  /// The configuration in force.
  NodeConfig config() {
    return config;
  }

  /// Arguments for a VMM, ready to paste.
  String instructions() {
    return wiring.guests().stream()
        .sorted(Comparator.comparing((GuestUnit guest) -> guest.spec().name()))
        .map(GuestUnit::instructions)
        .collect(Collectors.joining());
  }

  private boolean takeDown() {
    events.publish(new NodeEvent.NodeChanged(config.node(), "stopping", ""));
    wiring.close();
    return true;
  }

  /// Takes everything down in reverse order.
  @Override
  public void close() {
    undo.close();
  }
}
