package braid.fabric;

import braid.port.Counter;
import braid.port.Waiter;
import braid.port.Worker;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A node's part in the fabric: reaches NICs of other nodes, lets other nodes reach its own.
///
/// One TLS connection for each user, remote node and remote NIC. Netty moves the bytes on threads
/// of its own ([Carrier]); all that the protocol decides happens on the worker ([Session]). Between
/// them are two rings of bytes and a flag each way ([Connection]).
///
/// Bytes are copied four times from a guest's pages to a NIC beyond what TLS and the kernel do:
/// into the ring, into Netty's buffer, out of Netty's buffer into the ring, out of the ring into
/// the frame.
public final class Fabric implements AutoCloseable {
  private final FabricSettings settings;
  private final Worker worker;
  private final Environment environment;
  private final EventLog log;
  private final Sessions sessions;
  private final Sockets sockets;
  private final List<FabricPort> dialing = new ArrayList<>();
  private boolean closed;

  private Fabric(
      FabricSettings settings,
      Worker worker,
      Waiter waiter,
      RandomGenerator random,
      FabricListener events) {
    this.settings = settings;
    this.worker = worker;
    this.log = new EventLog(worker.clock(), events);
    this.environment =
        new Environment(
            settings.node(), settings.window(), settings.timing(), worker.clock(), random, log);
    this.sessions = new Sessions(environment, settings.sessions());
    this.sockets = new Sockets(settings, waiter::wake, new Landing());
  }

  /// Reads the certificates, starts the I/O threads and, if the settings say so, listens.
  ///
  /// @param settings how
  /// @param worker   owns all ports of this fabric; may have started or not
  /// @param waiter   where that worker sleeps: woken when bytes arrive
  /// @param random   spreads the attempts to connect
  /// @param events   told what happens, on the worker
  /// @throws braid.fabric.pki.PkiException naming the TLS file that cannot be used
  /// @throws FabricException naming the address or transport that cannot be used
  public static Fabric open(
      FabricSettings settings,
      Worker worker,
      Waiter waiter,
      RandomGenerator random,
      FabricListener events) {
    Fabric made = new Fabric(settings, worker, waiter, random, events);
    worker.submit(() -> worker.add(made.sessions));
    try {
      made.sockets.listen();
    } catch (FabricException e) {
      made.close();
      throw e;
    }
    return made;
  }

  /// Begins to reach for another node's NIC and goes on until the port is closed. On the worker, or
  /// before it starts.
  ///
  /// @param user   on whose behalf: the name of a bond; with the remote NIC it names the session
  /// @param remote the NIC
  /// @param memory for received frames, [Window#memoryBytes] long, 64-byte aligned; native, and
  ///               alive until all frames are back ([FabricPort#outstanding])
  /// @return down until the session is established; plug it into a cable, which drives it
  public FabricPort connect(String user, RemoteNic remote, MemorySegment memory) {
    FabricPort port = FabricPort.dialing(user, remote, environment, memory, sockets::dial);
    dialing.removeIf(FabricPort::closed);
    dialing.add(port);
    return port;
  }

  /// Bytes of memory for [#connect].
  public long memoryBytes() {
    return settings.window().memoryBytes();
  }

  /// Lets other nodes use a NIC of ours. On the worker, or before it starts.
  ///
  /// @throws IllegalArgumentException when it is served already
  public void serve(String nic, SessionHandler handler) {
    sessions.serve(nic, handler);
  }

  /// Ends all sessions of a NIC of ours and takes no new ones. On the worker.
  ///
  /// @param reason told to the peers
  /// @return false when it was not served
  public boolean withdraw(String nic, String reason) {
    return sessions.withdraw(nic, reason);
  }

  /// The sessions that others have on a NIC of ours. On the worker.
  public List<FabricPort> sessions(String nic) {
    return sessions.sessions(nic);
  }

  /// Reads the certificate files anew: connections made from now on use what they hold. Any thread.
  ///
  /// @throws braid.fabric.pki.PkiException naming the file that cannot be used; the old ones stay
  /// in use
  public void reloadCertificates() {
    sockets.reloadCertificates();
  }

  /// Where it listens, with the port number that was chosen if 0 was asked for; null if it does
  /// not.
  public @Nullable InetSocketAddress address() {
    return sockets.address();
  }

  /// The transport in use, never [TransportKind#AUTO].
  public TransportKind transport() {
    return sockets.transport();
  }

  /// How often each kind of event happened; each port has counters of its own. Any thread.
  public List<Counter> counters() {
    return log.counters();
  }

  /// Says goodbye to all peers, closes all connections and waits for them, then ends the threads.
  /// Any thread but the worker's, while the worker runs or after its end. Frames of its ports that
  /// are still out may be released afterwards.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      boolean _ = worker.call(this::farewell);
    } catch (IllegalStateException e) {
      boolean _ = farewell(); // the worker has ended: nobody else is here
    }
    sockets.close();
  }

  private boolean farewell() {
    worker.remove(sessions);
    sessions.close("node " + settings.node() + " shuts down");
    for (FabricPort port : dialing) {
      port.close("node " + settings.node() + " shuts down");
    }
    dialing.clear();
    return true;
  }

  /// What the I/O threads have to tell, as commands on the worker.
  private final class Landing implements Sockets.Landing {
    @Override
    public void dialed(FabricPort port, Connection connection) {
      worker.submit(() -> port.dialed(connection));
    }

    @Override
    public void failed(FabricPort port, Ending why) {
      worker.submit(() -> port.failed(why));
    }

    @Override
    public void accepted(Connection connection) {
      worker.submit(() -> sessions.accepted(connection));
    }

    @Override
    public void lifeline(long session, Runnable answer) {
      worker.submit(
          () -> {
            if (sessions.established(session)) {
              answer.run();
            }
          });
    }

    @Override
    public void refused(String host, Ending why) {
      worker.submit(() -> log.event(new FabricEvent(why.kind(), host, "", "", why.detail())));
    }
  }
}
