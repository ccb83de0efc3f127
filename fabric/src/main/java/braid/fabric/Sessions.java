package braid.fabric;

import braid.port.Pump;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The NICs of this node that others may use, and who uses them: takes connections that were made
/// to us, reads the greeting, finds or begins the session.
///
/// There is one session for each user of each node on each NIC. A greeting with another session id
/// from the same user replaces it: the user's process began anew and knows nothing of the old one.
///
/// It is a pump of the worker for its timers only (greetings that do not come, users that do not
/// come back); traffic goes through the cables of the ports. **Thread**: the worker's.
public final class Sessions implements Pump {
  /// Connections whose greeting is awaited; more are turned away.
  private static final int STRANGERS_MAX = 64;

  private final Environment env;
  private final int sessionsMax;
  private final Map<String, SessionHandler> served = new HashMap<>();
  private final List<Lodging> lodgings = new ArrayList<>();
  private final List<Stranger> strangers = new ArrayList<>();
  private final List<Lodging> leaving = new ArrayList<>();
  private final Outbox outbox = new Outbox();
  private final MemorySegment scratch = Arena.ofAuto().allocate(Records.HELLO_MAX, Long.BYTES);

  private boolean closed;

  /// A session with its memory.
  private static final class Lodging {
    final PeerInfo peer;
    final SessionHandler handler;
    final FabricPort port;
    private final Arena memory = Arena.ofShared();

    Lodging(PeerInfo peer, SessionHandler handler, Environment env) {
      this.peer = peer;
      this.handler = handler;
      this.port = FabricPort.answering(peer, env, memory.allocate(env.window().memoryBytes(), 64));
    }

    boolean of(Hello hello) {
      return peer.nic().equals(hello.nic())
          && peer.node().equals(hello.node())
          && peer.user().equals(hello.user());
    }

    /// Frees the memory when the last frame is back.
    boolean emptied() {
      if (port.outstanding() > 0) {
        return false;
      }
      memory.close();
      return true;
    }
  }

  /// A connection that has not said who it is.
  private record Stranger(Connection connection, RecordReader reader, long until) {}

  /// Serves nothing yet.
  ///
  /// @param sessionsMax for each NIC
  public Sessions(Environment env, int sessionsMax) {
    this.env = env;
    this.sessionsMax = sessionsMax;
  }

  /// See [Fabric#serve].
  public void serve(String nic, SessionHandler handler) {
    Names.check("NIC", nic);
    if (served.putIfAbsent(nic, handler) != null) {
      throw new IllegalArgumentException("NIC " + nic + " is served already: names are unique");
    }
  }

  /// See [Fabric#withdraw].
  public boolean withdraw(String nic, String reason) {
    if (served.remove(nic) == null) {
      return false;
    }
    for (int i = lodgings.size() - 1; i >= 0; i--) {
      if (lodgings.get(i).peer.nic().equals(nic)) {
        end(lodgings.get(i), new Bye(Bye.CLOSED, reason));
      }
    }
    return true;
  }

  /// The sessions of one NIC, for `status`.
  public List<FabricPort> sessions(String nic) {
    return lodgings.stream().filter(l -> l.peer.nic().equals(nic)).map(l -> l.port).toList();
  }

  /// A session of this number is established.
  boolean established(long number) {
    return lodgings.stream()
        .map(lodging -> lodging.port.session())
        .anyMatch(session -> session.id() == number && session.state() == SessionState.UP);
  }

  /// Ends everything.
  public void close(String reason) {
    closed = true;
    for (String nic : List.copyOf(served.keySet())) {
      boolean _ = withdraw(nic, reason);
    }
    for (Stranger stranger : strangers) {
      stranger.connection.abort();
    }
    strangers.clear();
  }

  /// Another node has connected and TLS has proven its names.
  public void accepted(Connection connection) {
    if (closed) {
      connection.abort();
      return;
    }
    if (strangers.size() == STRANGERS_MAX) {
      connection.abort();
      refused(connection, "", "", "too many connections without a greeting");
      return;
    }
    strangers.add(
        new Stranger(
            connection, new RecordReader(connection), env.clock().nanos() + env.timing().hello()));
  }

  @Override
  public int pump() {
    int moved = 0;
    for (int i = strangers.size() - 1; i >= 0; i--) {
      if (settled(strangers.get(i))) {
        strangers.remove(i);
        moved++;
      }
    }
    for (int i = lodgings.size() - 1; i >= 0; i--) {
      Bye why = why(lodgings.get(i));
      if (why != null) {
        end(lodgings.get(i), why);
        moved++;
      }
    }
    if (!leaving.isEmpty()) {
      leaving.removeIf(Lodging::emptied);
    }
    return moved;
  }

  /// Reads a greeting if it is there.
  ///
  /// @return true when the connection is somebody's, or was ended
  private boolean settled(Stranger stranger) {
    Connection connection = stranger.connection;
    connection.awake();
    Ending ending = connection.ending();
    stranger.reader.look();
    int type = stranger.reader.next();
    if (type == RecordReader.NONE) {
      if (ending != null) {
        connection.abort();
        event(ending.kind(), connection, "", "", ending.detail());
        return true;
      }
      if (env.clock().nanos() >= stranger.until) {
        connection.abort();
        event(FabricEvent.Kind.HUNG, connection, "", "", "connected and did not say who it is");
        return true;
      }
      return false;
    }
    if (type != Records.HELLO) {
      refuse(connection, "", "", new Bye(Bye.PROTOCOL, "the first record is no greeting"));
      return true;
    }
    connection.incoming().copy(stranger.reader.body(), scratch.address(), stranger.reader.length());
    Hello hello = Hello.read(scratch.address(), stranger.reader.length());
    stranger.reader.done();
    if (hello == null) {
      refuse(connection, "", "", new Bye(Bye.PROTOCOL, "a greeting that makes no sense"));
    } else {
      greeted(connection, hello);
    }
    return true;
  }

  private void greeted(Connection connection, Hello hello) {
    SessionHandler handler = served.get(hello.nic());
    Bye refusal = refusal(connection, hello);
    if (refusal != null || handler == null) {
      refuse(connection, hello.user(), hello.nic(), refusal);
      return;
    }
    Lodging old = find(hello);
    if (old != null) {
      Session session = old.port.session();
      if (session.id() == hello.session() && session.over() == null) {
        if (!session.attach(connection, hello, true)) {
          refuse(
              connection,
              hello.user(),
              hello.nic(),
              new Bye(Bye.RESUME, "the session cannot go on from there: begin a new one"));
        }
        return;
      }
      replace(old, connection);
    }
    PeerInfo peer = new PeerInfo(hello.node(), hello.user(), hello.nic(), connection.address());
    Lodging lodging = new Lodging(peer, handler, env);
    lodgings.add(lodging);
    FabricPort port = lodging.port;
    handler.opened(port, peer);
    if (port.closed()) {
      connection.abort(); // the handler would not have it
    } else {
      boolean _ = port.session().attach(connection, hello, false);
    }
  }

  private @Nullable Lodging find(Hello hello) {
    for (Lodging lodging : lodgings) {
      if (lodging.of(hello)) {
        return lodging;
      }
    }
    return null;
  }

  private @Nullable Bye refusal(Connection connection, Hello hello) {
    if (hello.lowest() > Records.VERSION || hello.highest() < Records.VERSION) {
      return new Bye(
          Bye.VERSION,
          String.format(
              "%s speaks fabric version %d, the peer %d to %d: update the older node",
              env.node(), Records.VERSION, hello.lowest(), hello.highest()));
    }
    if (!connection.names().contains(hello.node())) {
      return new Bye(
          Bye.NAME,
          "the peer calls itself "
              + hello.node()
              + ", its certificate is for "
              + String.join(", ", connection.names())
              + ": issue one with its name");
    }
    if (!served.containsKey(hello.nic())) {
      return new Bye(Bye.NO_NIC, env.node() + " offers no NIC " + hello.nic());
    }
    long others =
        lodgings.stream().filter(l -> l.peer.nic().equals(hello.nic()) && !l.of(hello)).count();
    return others >= sessionsMax
        ? new Bye(Bye.FULL, hello.nic() + " has " + others + " sessions already")
        : null;
  }

  private void replace(Lodging old, Connection by) {
    event(
        FabricEvent.Kind.REPLACED,
        by,
        old.peer.user(),
        old.peer.nic(),
        "a new session from "
            + by.address()
            + " takes the place of that from "
            + old.peer.address()
            + "; if both live, two nodes have one name");
    end(old, new Bye(Bye.REPLACED, "a newer session took the place"));
  }

  private void end(Lodging lodging, Bye bye) {
    lodgings.remove(lodging);
    lodging.handler.closed(lodging.port, lodging.peer, bye.text());
    lodging.port.close(bye);
    leaving.add(lodging);
  }

  /// Why a session is to be ended, null when it is not.
  private @Nullable Bye why(Lodging lodging) {
    Session session = lodging.port.session();
    if (session.state() == SessionState.UP) {
      return null;
    }
    String over = session.over();
    if (over != null) {
      return new Bye(Bye.CLOSED, over);
    }
    if (lodging.port.closed()) {
      return new Bye(Bye.CLOSED, "closed by its owner");
    }
    if (env.clock().nanos() - session.downAt() >= env.timing().session()) {
      PeerInfo peer = lodging.peer;
      String detail = "its user did not come back: the session ends";
      env.events()
          .event(
              new FabricEvent(
                  FabricEvent.Kind.EXPIRED, peer.node(), peer.user(), peer.nic(), detail));
      return new Bye(Bye.CLOSED, "its user did not come back");
    }
    return null;
  }

  private void refuse(Connection connection, String user, String nic, @Nullable Bye bye) {
    Bye said = bye == null ? new Bye(Bye.NO_NIC, "no such NIC") : bye;
    outbox.bye(connection.outgoing(), said);
    connection.hangUp();
    refused(connection, user, nic, said.text());
  }

  private void refused(Connection connection, String user, String nic, String detail) {
    event(FabricEvent.Kind.REFUSED, connection, user, nic, detail);
  }

  private void event(
      FabricEvent.Kind kind, Connection from, String user, String nic, String detail) {
    String who = String.join(",", from.names());
    env.events()
        .event(new FabricEvent(kind, who, user, nic, detail + " (from " + from.address() + ")"));
  }

  @Override
  public boolean arm() {
    boolean more = false;
    for (int i = 0; i < strangers.size(); i++) {
      more |= strangers.get(i).connection.arm(strangers.get(i).reader.rest(), false);
    }
    return more;
  }

  @Override
  public long deadline() {
    long at = Long.MAX_VALUE;
    for (int i = 0; i < strangers.size(); i++) {
      at = Math.min(at, strangers.get(i).until);
    }
    for (int i = 0; i < lodgings.size(); i++) {
      Session session = lodgings.get(i).port.session();
      if (session.over() != null) {
        return env.clock().nanos();
      }
      if (session.state() == SessionState.IDLE) {
        at = Math.min(at, session.downAt() + env.timing().session());
      }
    }
    return at;
  }
}
