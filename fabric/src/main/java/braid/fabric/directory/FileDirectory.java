package braid.fabric.directory;

import braid.fabric.directory.DirectoryException.Reason;
import braid.port.Clock;
import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// The directory of one machine: a folder, no network, no server.
///
/// **Theory of operation**. `nodes/NODE.json` is what a node publishes, `nodes/NODE.lock` is locked
/// as long as the node lives ([FileLife]); `owners/MAC.json` and `owners/MAC.lock` are the same for
/// an address and who owns it. A change of a file is seen by inotify (WatchService), within a
/// millisecond or so. The end of a process writes nothing, so the locks of those that were there
/// are looked at ten times a second; a scan every 2 s is there for file systems that tell nothing.
///
/// All nodes of a machine are equally alive as seen by its kernel, so there is no majority to lose
/// and no grace for an owner that is gone: a dead process sends no frame. The map is stale only
/// when the folder cannot be read.
///
/// **Limits**: a local file system; the lock of a network file system may outlive its holder.
///
/// **Threads**: one of its own ("braid-directory-NODE") does everything; one waits for file events.
public final class FileDirectory implements Directory {
  private static final System.Logger LOG = System.getLogger(FileDirectory.class.getName());
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{12}");
  private static final Duration SCAN = Duration.ofSeconds(2);
  private static final Duration LIVES = Duration.ofMillis(100);
  private static final int OWNER_SIZE_MAX = 4096;

  private final String node;
  private final Clock clock;
  private final FileFolder nodes;
  private final FileFolder owners;
  private final FileLife life;
  private final WatchService events;
  private final Lane lane;
  private final Board board;
  private final Pacer pacer;
  private final NicTable table = new NicTable(0);
  private final Map<Long, FileLife> claims = new HashMap<>();
  private final AtomicBoolean scanComing = new AtomicBoolean();
  private final long incarnation;
  private long sequence;

  private FileDirectory(
      String node, Clock clock, FileFolder nodes, FileFolder owners, FileLife life)
      throws IOException {
    this.node = node;
    this.clock = clock;
    this.nodes = nodes;
    this.owners = owners;
    this.life = life;
    this.incarnation = clock.nanos();
    this.lane = new Lane("braid-directory-" + node);
    this.board = new Board(lane);
    this.pacer = new Pacer(clock, Lane.LOAD_GAP.toNanos());
    this.events = nodes.path().getFileSystem().newWatchService();
  }

  /// Joins the nodes of this machine that use the same folder.
  ///
  /// @param folder made when absent, with its two folders
  /// @param node   this node's name: 1 to 63 letters, digits, '.', '_' and '-'
  /// @param clock  counts from 1970-01-01 ([Clock#sinceEpoch])
  /// @throws DirectoryException `DUPLICATE_NODE` when a running process has this name, `UNUSABLE`
  ///     when the folder cannot be used
  public static FileDirectory open(Path folder, String node, Clock clock) {
    if (!NAME.matcher(node).matches()) {
      throw new DirectoryException(
          Reason.UNUSABLE,
          "'" + node + "' cannot name a node here. Use 1 to 63 letters, digits, '.', '_' and '-'");
    }
    try {
      FileFolder nodes = new FileFolder(folder.resolve("nodes"));
      FileFolder owners = new FileFolder(folder.resolve("owners"));
      FileLife life = FileLife.hold(nodes.lock(node));
      if (life == null) {
        throw new DirectoryException(
            Reason.DUPLICATE_NODE,
            "another process is node '"
                + node
                + "' in "
                + folder
                + ". End it, or give this node another name");
      }
      FileDirectory directory = new FileDirectory(node, clock, nodes, owners, life);
      directory.start();
      return directory;
    } catch (IOException e) {
      throw new DirectoryException(
          Reason.UNUSABLE,
          "directory "
              + folder
              + " cannot be used ("
              + e
              + "). Choose a folder that this user may"
              + " write to",
          e);
    }
  }

  private void start() throws IOException {
    for (FileFolder folder : List.of(nodes, owners)) {
      folder
          .path()
          .register(
              events,
              StandardWatchEventKinds.ENTRY_CREATE,
              StandardWatchEventKinds.ENTRY_MODIFY,
              StandardWatchEventKinds.ENTRY_DELETE);
    }
    write(new Publication(node, incarnation, ++sequence, List.of()));
    scan();
    // From here on only the lane scans; events have been collected since they were registered for.
    lane.every(SCAN, this::scan);
    lane.every(LIVES, this::checkLives);
    Thread.ofVirtual().name("braid-directory-files").start(this::followEvents);
  }

  @Override
  public void publish(Collection<NicRecord> nics) {
    Publication.check(node, nics);
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
    return lane.call(() -> take(mac));
  }

  @Override
  public CompletableFuture<Void> release(long mac) {
    return lane.call(
            () -> {
              FileLife claim = claims.remove(mac);
              if (claim != null) {
                claim.close();
                scan();
              }
              return mac;
            })
        .thenAccept(_ -> {});
  }

  @Override
  public Optional<Ownership> owner(long mac) {
    return board.map().owners().stream().filter(owner -> owner.mac() == mac).findFirst();
  }

  /// How many files of the folder were ignored because they are nothing that a node wrote.
  public long ignoredFiles() {
    return nodes.ignored().get() + owners.ignored().get();
  }

  @Override
  public void close() {
    lane.close(
        () -> {
          try {
            events.close();
            nodes.delete(node);
          } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "leaving the directory", e);
          }
          claims.values().forEach(FileLife::close);
          life.close();
        });
  }

  /// Writes what is due, and comes back when the rest is.
  private void tell() {
    List<NicRecord> due = pacer.take();
    if (due != null) {
      write(new Publication(node, incarnation, ++sequence, due));
      scan();
    }
    long later = pacer.dueNanos();
    if (later >= 0) {
      lane.once(Duration.ofNanos(later), this::tell);
    }
  }

  private void write(Publication publication) {
    try {
      nodes.write(node, publication.bytes());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "node {0} cannot tell others what it has: {1}",
          node,
          e.toString());
    }
  }

  private Ownership take(long mac) throws IOException {
    String name = name(mac);
    FileLife own = claims.get(mac);
    if (own != null) {
      return readOwner(name).orElseThrow(() -> damaged(name));
    }
    FileLife claim = FileLife.hold(owners.lock(name));
    if (claim == null) {
      String by = readOwner(name).map(Ownership::node).orElse("another");
      throw new DirectoryException(
          Reason.HELD,
          "MAC address "
              + NicJson.mac(mac)
              + " belongs to a guest of node "
              + by
              + ". Give one of the two guests another address, or end it");
    }
    try {
      byte[] last = owners.read(name, OWNER_SIZE_MAX);
      long token = last == null ? 0 : readOwner(name).orElseThrow(() -> damaged(name)).token();
      Ownership ownership = new Ownership(mac, node, token + 1);
      owners.write(name, ownerBytes(ownership));
      claims.put(mac, claim);
      claim = null;
      scan();
      return ownership;
    } finally {
      if (claim != null) {
        claim.close();
      }
    }
  }

  private DirectoryException damaged(String name) {
    return new DirectoryException(
        Reason.UNUSABLE,
        owners.path().resolve(name + ".json")
            + " is damaged: nobody knows the last token. Remove it when no node of this machine"
            + " has a guest with this address");
  }

  /// Reads the folder and makes a new map of it.
  private void scan() {
    scanComing.set(false); // first: what changes from here on is worth another scan
    Instant now = Instant.EPOCH.plusNanos(clock.nanos());
    try {
      List<String> living = new ArrayList<>();
      for (String name : nodes.living()) {
        if (readNode(name)) {
          living.add(name);
        }
      }
      List<Ownership> owned = new ArrayList<>();
      for (String name : owners.living()) {
        readOwner(name).ifPresent(owned::add);
      }
      table.members(living, null, now);
      table.owners(owned);
    } catch (IOException e) {
      table.members(board.map().members(), "the folder cannot be read (" + e + ")", now);
    }
    board.show(table.map());
  }

  private boolean readNode(String name) throws IOException {
    byte[] bytes = nodes.read(name, Publication.SIZE_MAX);
    if (bytes == null) {
      return false;
    }
    try {
      Publication publication = Publication.parse(bytes);
      if (!publication.node().equals(name)) {
        throw new IllegalArgumentException("it is of node '" + publication.node() + "'");
      }
      table.publish(publication);
      nodes.known(name);
      return true;
    } catch (IllegalArgumentException e) {
      nodes.stranger(name + ".json", "it cannot be read: " + e.getMessage());
      return false;
    }
  }

  private Optional<Ownership> readOwner(String name) throws IOException {
    byte[] bytes = owners.read(name, OWNER_SIZE_MAX);
    if (bytes == null) {
      return Optional.empty();
    }
    try {
      if (!MAC.matcher(name).matches()) {
        throw new IllegalArgumentException("its name is no MAC address");
      }
      JsonObject owner = Json.parse(new String(bytes, StandardCharsets.UTF_8)).asObject();
      return Optional.of(
          new Ownership(
              Long.parseLong(name, 16),
              NicJson.text(owner, "node"),
              NicJson.number(owner, "token")));
    } catch (RuntimeException e) {
      owners.stranger(name + ".json", "it cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static byte[] ownerBytes(Ownership ownership) {
    return new JsonObject()
        .add("node", ownership.node())
        .add("token", ownership.token())
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  /// Scans when somebody who was there is not any more: a process that was killed writes nothing.
  private void checkLives() {
    NicMap map = board.map();
    try {
      for (String name : map.members()) {
        if (!name.equals(node) && !FileLife.held(nodes.lock(name))) {
          scan();
          return;
        }
      }
      for (Ownership owner : map.owners()) {
        if (!claims.containsKey(owner.mac()) && !FileLife.held(owners.lock(name(owner.mac())))) {
          scan();
          return;
        }
      }
    } catch (IOException _) {
      scan(); // which says what is wrong with the folder
    }
  }

  private void followEvents() {
    try {
      while (true) {
        WatchKey key = events.take();
        key.pollEvents();
        key.reset();
        if (scanComing.compareAndSet(false, true)) {
          lane.execute(this::scan);
        }
      }
    } catch (ClosedWatchServiceException | InterruptedException _) {
      // The directory was closed.
    }
  }

  private static String name(long mac) {
    return String.format("%012x", mac);
  }
}
