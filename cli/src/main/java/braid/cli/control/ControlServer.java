package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.CONFLICT;
import static braid.cli.control.RefusedException.Kind.FAILED;
import static braid.cli.control.RefusedException.Kind.INVALID;

import com.eclipsesource.json.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The control socket of a node: who may read and write the file may operate the node.
///
/// The file has mode 0660 from the moment it is seen: it is made under another name, given its
/// rights, then renamed. Its group is the directory's when that has the setgid bit. A file that a
/// dead node left is replaced; one behind which a node answers is not.
///
/// **Threads**: one accepts, one looks after slow clients, one virtual thread and more for each
/// client ([ControlSession]).
public final class ControlServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.control");

  /// Clients at a time; further ones are told so and sent away.
  static final int CLIENTS_MAX = 64;

  private static final int PATH_MAX = 107;
  private static final long LOOK_NANOS = 250_000_000;

  private final Path path;
  private final @Nullable Object fileKey;
  private final ServerSocketChannel server;
  private final NodeControl node;
  private final Operations operations;
  private final ControlSession.Patience patience;
  private final Set<ControlSession> sessions = ConcurrentHashMap.newKeySet();

  private ControlServer(
      Path path, ServerSocketChannel server, NodeControl node, ControlSession.Patience patience)
      throws IOException {
    this.path = path;
    this.fileKey = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    this.server = server;
    this.node = node;
    this.operations = new Operations(node);
    this.patience = patience;
  }

  /// Listens. Directories on the way are made.
  ///
  /// @param path of the socket, at most 106 bytes
  /// @param node answers
  /// @throws RefusedException when the file cannot be made, is no socket, or belongs to a living
  ///     node
  public static ControlServer open(Path path, NodeControl node) {
    return open(path, node, ControlSession.Patience.DEFAULT);
  }

  static ControlServer open(Path path, NodeControl node, ControlSession.Patience patience) {
    if (path.toString().getBytes(StandardCharsets.UTF_8).length >= PATH_MAX) {
      throw new RefusedException(
          INVALID,
          "control socket " + path + ": longer than " + (PATH_MAX - 1) + " bytes",
          "Choose a shorter path.");
    }
    refuseLiving(path);
    try {
      Path parent = path.toAbsolutePath().normalize().getParent();
      Files.createDirectories(parent);
      ControlServer opened = new ControlServer(path, listen(path), node, patience);
      Thread.ofPlatform().daemon().name("braid-control").start(opened::accept);
      Thread.ofPlatform().daemon().name("braid-control-watch").start(opened::watch);
      return opened;
    } catch (IOException e) {
      throw new RefusedException(
          FAILED,
          "control socket " + path + " cannot be made (" + e + ")",
          "Choose another place.");
    }
  }

  private static ServerSocketChannel listen(Path path) throws IOException {
    Path hidden = path.resolveSibling("." + path.getFileName());
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      Files.deleteIfExists(hidden);
      server.bind(UnixDomainSocketAddress.of(hidden), CLIENTS_MAX);
      Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rw-rw----"));
      Files.move(hidden, path, StandardCopyOption.ATOMIC_MOVE);
      return server;
    } catch (IOException e) {
      server.close();
      Files.deleteIfExists(hidden);
      throw e;
    }
  }

  private static void refuseLiving(Path path) {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isOther()) {
        throw new RefusedException(
            INVALID, "control socket " + path + ": the file there is no socket", "Move it away.");
      }
      SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
    } catch (ConnectException e) {
      LOG.info("control socket {}: left by a node that is gone, replaced", path);
      return;
    } catch (IOException e) {
      throw new RefusedException(
          FAILED,
          "control socket " + path + ": the one there cannot be tried (" + e + ")",
          "Remove it.");
    }
    throw new RefusedException(
        CONFLICT,
        "control socket " + path + ": another node answers there",
        "Stop it, or give this node another socket.");
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        admit(server.accept());
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // Out of descriptors, most likely: the next client waits rather than this thread spins.
        LOG.warn("control socket {}: {}", path, e.toString());
        LockSupport.parkNanos(this, LOOK_NANOS);
      }
    }
  }

  private void admit(SocketChannel client) throws IOException {
    if (sessions.size() >= CLIENTS_MAX) {
      try (client) {
        RefusedException full =
            new RefusedException(
                CONFLICT, CLIENTS_MAX + " clients are connected", "Try again later.");
        String line = Protocol.error(Json.NULL, full) + "\n";
        client.configureBlocking(false);
        client.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
      }
      return;
    }
    String user = client.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
    ControlSession session = new ControlSession(client, user, node, operations, patience);
    sessions.add(session);
    Thread.ofVirtual()
        .name("braid-control-client")
        .start(
            () -> {
              try {
                session.run();
              } finally {
                sessions.remove(session);
              }
            });
  }

  private void watch() {
    long every = Math.min(LOOK_NANOS, shortest().toNanos() / 4);
    while (server.isOpen()) {
      LockSupport.parkNanos(this, every);
      long now = System.nanoTime();
      sessions.forEach(session -> session.check(now));
    }
  }

  private Duration shortest() {
    return patience.idle().compareTo(patience.stall()) < 0 ? patience.idle() : patience.stall();
  }

  /// Clients connected now.
  int clients() {
    return sessions.size();
  }

  /// Hangs up on everybody and removes the file, unless it is another's by now.
  @Override
  public void close() {
    try {
      server.close();
      if (fileKey != null
          && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && fileKey.equals(Files.readAttributes(path, BasicFileAttributes.class).fileKey())) {
        Files.delete(path);
      }
    } catch (IOException e) {
      LOG.warn("control socket {}: {}", path, e.toString());
    }
    sessions.forEach(ControlSession::close);
  }
}
