package braid.fabric.directory;

import braid.fabric.directory.DirectoryException.Reason;
import braid.port.Clock;
import braid.port.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jgroups.Address;
import org.jgroups.BytesMessage;
import org.jgroups.JChannel;
import org.jgroups.MergeView;
import org.jgroups.Message;
import org.jgroups.Receiver;
import org.jgroups.View;
import org.jgroups.raft.RaftHandle;
import org.jgroups.raft.util.Utils;
import org.jspecify.annotations.Nullable;

/// The directory of a cluster: embedded JGroups and jgroups-raft, no server to install.
///
/// **Theory of operation**. The group's views say who is there. What NICs a node has, only that
/// node knows: it multicasts all of them when they change and when somebody new is in the view,
/// and the others forget them when it leaves the view. Who owns a guest's address, all must agree
/// on: each claim goes through Raft's log ([OwnershipTable], [Claims]), which needs a majority of
/// the voters.
///
/// Without a majority the map says so, keeps what it knew of nodes that are not seen, goes on among
/// those that are, and refuses claims. Nothing needs to be done when the others come back: the
/// groups merge, everybody multicasts, Raft elects a leader.
///
/// **Trust**: with certificates nobody without one of the cluster's authority gets a byte through.
/// Among those that have one, a node is what it says: this is for one owner's machines.
///
/// **Threads**: one of its own ("braid-directory-NODE") has all state; JGroups' threads only hand
/// things over to it.
public final class JGroupsDirectory implements Directory {
  private static final System.Logger LOG = System.getLogger(JGroupsDirectory.class.getName());
  private static final Duration BETWEEN_JOINS = Duration.ofMillis(200);

  private final ClusterSettings settings;
  private final Clock clock;
  private final @Nullable FileLife logHeld;
  private final Lane lane;
  private final Board board;
  private final Pacer pacer;
  private final NicTable table;
  private final Presence presence;
  private final SharedOwners owners;
  private final Claims claims;
  private final Counter rejected = new Counter("directory_messages_rejected");
  private final Counter refusals = new Counter("directory_certificates_refused");
  private final LimitedLog refusalLog = new LimitedLog(LOG, Clock.SYSTEM);
  private final long incarnation;
  private final Map<String, Address> lives = new HashMap<>();
  private Set<String> members = Set.of();
  private @Nullable List<NicRecord> told;
  private long sequence;
  private volatile @Nullable JChannel channel;
  private volatile @Nullable RaftHandle raft;

  private JGroupsDirectory(ClusterSettings settings, Clock clock, @Nullable FileLife logHeld) {
    this.settings = settings;
    this.clock = clock;
    this.logHeld = logHeld;
    this.incarnation = clock.nanos();
    this.lane = new Lane("braid-directory-" + settings.node());
    this.board = new Board(lane);
    this.pacer = new Pacer(clock, Lane.LOAD_GAP.toNanos());
    this.table = new NicTable(settings.voters().size());
    this.presence = new Presence(clock);
    this.owners = new SharedOwners(() -> lane.execute(this::show));
    this.claims = new Claims(settings, clock, lane, presence, owners, this::send);
  }

  /// Joins the cluster, or begins it: returns when this node knows who else is there. Takes up to
  /// three times [ClusterTimings#join], and as long as an earlier process of this node is
  /// remembered by the others.
  ///
  /// @param settings where and with whom
  /// @param clock    counts from 1970-01-01 ([Clock#sinceEpoch])
  /// @throws DirectoryException `DUPLICATE_NODE` when a running process has this name, `UNUSABLE`
  ///     when the address or the log cannot be used
  public static JGroupsDirectory open(ClusterSettings settings, Clock clock) {
    JGroupsLog.install(Clock.SYSTEM);
    FileLife log = holdLog(settings);
    JGroupsDirectory directory = new JGroupsDirectory(settings, clock, log);
    try {
      directory.join();
      return directory;
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static @Nullable FileLife holdLog(ClusterSettings settings) {
    Path folder = settings.log();
    if (folder == null) {
      return null;
    }
    try {
      Files.createDirectories(folder);
      FileLife held = FileLife.hold(folder.resolve(settings.node() + ".lock"));
      if (held == null) {
        throw new DirectoryException(
            Reason.DUPLICATE_NODE,
            "another process is node '"
                + settings.node()
                + "' with the log in "
                + folder
                + ". End it, or give this node another name and folder");
      }
      return held;
    } catch (IOException e) {
      throw new DirectoryException(
          Reason.UNUSABLE,
          "the log folder "
              + folder
              + " cannot be used ("
              + e
              + "). Choose one that this user may"
              + " write to",
          e);
    }
  }

  /// Joins, and insists as long as the others may take an earlier process of this node for alive.
  private void join() {
    ClusterTimings timings = settings.timings();
    long deadline =
        clock.nanos() + timings.silence().plus(timings.verify()).multipliedBy(2).toNanos();
    for (int attempt = 0; ; attempt++) {
      try {
        connect(attempt);
        return;
      } catch (SecurityException e) { // how GMS tells that the group refused
        if (clock.nanos() - deadline > 0) {
          throw new DirectoryException(
              Reason.DUPLICATE_NODE,
              "cluster '"
                  + settings.cluster()
                  + "' has a node '"
                  + settings.node()
                  + "' already. Give this node another name, or end the other one",
              e);
        }
        pause();
      } catch (Exception e) {
        throw new DirectoryException(
            Reason.UNUSABLE,
            "cannot join cluster '"
                + settings.cluster()
                + "' at "
                + settings.bind()
                + ": "
                + rootOf(e)
                + ". Is the address this machine's, and the port free?",
            e);
      }
    }
  }

  private void connect(int attempt) throws Exception {
    String logName = settings.cluster() + "-" + settings.node() + "-" + incarnation + "-" + attempt;
    JChannel joining = ClusterStack.channel(settings, logName, this::refused);
    try {
      raft = new RaftHandle(joining, owners);
      joining.setDiscardOwnMessages(true).setReceiver(new FromGroup());
      channel = joining;
      joining.connect(settings.cluster());
    } catch (Exception e) {
      channel = null;
      joining.close();
      throw e.getCause() instanceof SecurityException refused ? refused : e;
    }
    // The caller finds a map of the group, not an empty one.
    lane.call(
            () -> {
              entered(joining.getView());
              return joining;
            })
        .join();
  }

  private void pause() {
    CompletableFuture<Boolean> over = lane.pending();
    lane.once(BETWEEN_JOINS, () -> over.complete(true));
    over.join();
  }

  @Override
  public void publish(Collection<NicRecord> nics) {
    Publication.check(settings.node(), nics);
    List<NicRecord> copy = List.copyOf(nics);
    lane.execute(
        () -> {
          pacer.offer(copy);
          tell();
        });
  }

  @Override
  public NicMap map() {
    return board.map();
  }

  @Override
  public Watch watch(Consumer<NicMap> watcher) {
    return board.watch(watcher);
  }

  @Override
  public CompletableFuture<Ownership> claim(long mac) {
    CompletableFuture<Ownership> result = lane.pending();
    lane.execute(() -> claims.claim(mac, result));
    return result;
  }

  @Override
  public CompletableFuture<Void> release(long mac) {
    CompletableFuture<Long> result = lane.pending();
    lane.execute(
        () -> {
          Optional<Ownership> owned =
              owners.owner(mac).filter(owner -> owner.node().equals(settings.node()));
          if (owned.isPresent()) {
            claims.release(owned.get(), result);
          } else {
            result.complete(mac);
          }
        });
    return result.thenAccept(_ -> {});
  }

  @Override
  public Optional<Ownership> owner(long mac) {
    return owners.owner(mac);
  }

  /// How many messages of other nodes were thrown away because they were nothing that a node says.
  public long rejectedMessages() {
    return rejected.get();
  }

  /// How many handshakes ended because the other end's certificate was refused.
  public long refusedCertificates() {
    return refusals.get();
  }

  @Override
  public void close() {
    lane.close(() -> {});
    JChannel joined = channel;
    if (joined != null) {
      joined.close();
    }
    if (logHeld != null) {
      logHeld.close();
    }
  }

  /// The channel, for tests that cut it off.
  @Nullable JChannel channel() {
    return channel;
  }

  private void refused(String whoAndWhy) {
    lane.execute(
        () -> {
          refusals.add(1);
          refusalLog.warning("directory: " + whoAndWhy);
        });
  }

  private CompletableFuture<byte[]> send(byte[] command) throws Exception {
    RaftHandle log = raft;
    if (log == null) {
      throw new IOException("the directory is starting");
    }
    return log.setAsync(command, 0, command.length);
  }

  /// The group is another one; on the directory's thread.
  private void entered(View view) {
    Map<String, Address> now = new HashMap<>();
    for (Address member : view) {
      Address other = now.put(Utils.extractRaftId(member), member);
      if (other != null) {
        LOG.log(
            System.Logger.Level.ERROR,
            "two nodes call themselves ''{0}'' and met after a cut of the network. End one of them",
            Utils.extractRaftId(member));
      }
    }
    long voters = now.keySet().stream().filter(settings.voters()::containsKey).count();
    String reason =
        voters >= settings.majority()
            ? null
            : "no majority: " + voters + " of " + settings.voters().size() + " members";
    // After a cut (or a pause of this process) others may have forgotten this node, though it never
    // saw them go.
    boolean newcomers = view instanceof MergeView || !members.containsAll(now.keySet());
    for (Map.Entry<String, Address> member : now.entrySet()) {
      Address before = lives.put(member.getKey(), member.getValue());
      if (before != null && !before.equals(member.getValue())) {
        table.forget(member.getKey());
        newcomers = true;
      }
    }
    if (reason == null) {
      lives.keySet().retainAll(now.keySet()); // the table forgets the others too
    }
    members = now.keySet();
    presence.members(now.keySet(), reason == null);
    table.members(now.keySet(), reason, Instant.EPOCH.plusNanos(clock.nanos()));
    claims.majority(reason);
    if (newcomers) {
      multicast();
    }
    show();
  }

  /// Tells what is due, and comes back when the rest is.
  private void tell() {
    List<NicRecord> due = pacer.take();
    if (due != null) {
      told = due;
      multicast();
      show();
    }
    long later = pacer.dueNanos();
    if (later >= 0) {
      lane.once(Duration.ofNanos(later), this::tell);
    }
  }

  private void multicast() {
    List<NicRecord> nics = told;
    JChannel group = channel;
    if (nics == null || group == null) {
      return;
    }
    Publication publication = new Publication(settings.node(), incarnation, ++sequence, nics);
    table.publish(publication);
    try {
      group.send(new BytesMessage(null, publication.bytes()));
    } catch (Exception e) {
      // Only while the channel is being connected or closed; the next view tells it again.
      LOG.log(System.Logger.Level.DEBUG, "not told to the group", e);
    }
  }

  private void show() {
    table.owners(owners.owners());
    board.show(table.map());
  }

  private void heard(@Nullable String sender, byte[] bytes) {
    try {
      Publication publication = Publication.parse(bytes);
      if (!publication.node().equals(sender)) {
        throw new IllegalArgumentException("node " + sender + " speaks for " + publication.node());
      }
      table.publish(publication);
      show();
    } catch (IllegalArgumentException e) {
      rejected.add(1);
      LOG.log(System.Logger.Level.DEBUG, "a message of node " + sender + " was thrown away", e);
    }
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause == null ? failure : rootOf(cause);
  }

  /// JGroups' threads come here.
  private final class FromGroup implements Receiver {
    @Override
    public void viewAccepted(View view) {
      lane.execute(() -> entered(view));
    }

    @Override
    public void receive(Message message) {
      byte[] bytes =
          Arrays.copyOfRange(
              message.getArray(), message.getOffset(), message.getOffset() + message.getLength());
      String sender = Utils.extractRaftId(message.getSrc());
      lane.execute(() -> heard(sender, bytes));
    }
  }
}
