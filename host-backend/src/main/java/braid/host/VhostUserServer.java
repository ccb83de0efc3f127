package braid.host;

import braid.kernel.LinuxException;
import braid.kernel.Outpost;
import braid.kernel.UnixListener;
import braid.kernel.UnixSocket;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.LinkState;
import braid.port.Worker;
import braid.virtio.ProtocolException;
import braid.virtio.VhostUserHeader;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Gives front-ends a guest's port: one control thread per socket, one session at a time, one after
/// the other without limit.
///
/// **Theory of operation.** As a server it listens, accepts, serves the session to its end and
/// accepts again; the path is there exactly as long as it would answer. As a client it connects
/// again and again. A session ends when the front-end closes, when it breaks the protocol (one log
/// line with the clause), when its memory goes away, or when we hang up.
///
/// **Link.** What the uplink's carrier means to a guest depends on its front-end. One that takes
/// configuration changes is told ([Session#configChanged]). For the others the socket is the
/// carrier: hanging up is link-down, and until the link is back nobody listens. A guest that hears
/// of the link by other means is spared that: `hangUpOnLinkDown` is asked each time.
///
/// **Memory that goes away.** A front-end can make its memory file shorter. The worker's next
/// access then throws; give what it threw to [#onFault], which ends exactly the sessions that did
/// it.
///
/// **Threads**: [#start], [#link], [#announce], [#close] any; [#onFault] and [#checkMemory] the
/// worker.
public final class VhostUserServer implements AutoCloseable {
  /// Where front-ends are, and what they are offered.
  ///
  /// @param name   of the guest, for logs
  /// @param socket path of the Unix socket
  /// @param client connect to it instead of listening there
  /// @param device the card
  public record Settings(String name, Path socket, boolean client, NetDevice device) {}

  /// How often a client tries to connect, and how soon after trouble we listen again.
  private static final long RETRY_MILLIS = 50;

  /// Faults without a cause that are still believed to be over.
  private static final int UNEXPLAINED_MAX = 10;

  private static final System.Logger LOG = System.getLogger(VhostUserServer.class.getName());

  private final Settings settings;
  private final VhostNetPort port;
  private final Worker worker;
  private final BooleanSupplier hangUpOnLinkDown;
  private final LimitedLog log;
  /// vhost-user: request, flags, size, 32 bits each.
  private static final Outpost.Framing FRAMING = new Outpost.Framing(VhostUserHeader.BYTES, 8);

  private final Counter sessions = new Counter("sessions");
  private final Counter protocolErrors = new Counter("protocol_errors");
  private final Counter refusals = new Counter("requests_refused");
  private final Counter memoryLost = new Counter("memory_lost");
  private final Session.Owner owner = new SessionOwner();
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile LinkState link = LinkState.UP;
  private volatile boolean closed;
  private volatile @Nullable Session session;
  private @Nullable UnixListener listener;
  private volatile boolean lastTookConfig;
  private int changes;
  private int unexplained;

  /// A server that has not started.
  ///
  /// @param port             belongs to `worker`
  /// @param clock            the system's, for the rate of log lines
  /// @param hangUpOnLinkDown whether a front-end that cannot be told is hung up when the link goes;
  ///                         called by whoever calls [#link], and by the control thread
  public VhostUserServer(
      Settings settings,
      VhostNetPort port,
      Worker worker,
      Clock clock,
      BooleanSupplier hangUpOnLinkDown) {
    this.settings = settings;
    this.port = port;
    this.worker = worker;
    this.hangUpOnLinkDown = hangUpOnLinkDown;
    this.log = new LimitedLog(LOG, clock, settings.name + ": ");
    thread = Thread.ofPlatform().daemon().name("vhost " + settings.name).unstarted(this::run);
  }

  private final class SessionOwner implements Session.Owner {
    @Override
    public NetDevice device() {
      return settings.device;
    }

    @Override
    public LinkState link() {
      return link;
    }

    @Override
    public void refused(String why) {
      refusals.add(1);
      log.line(Level.WARNING, "refused: " + why);
    }

    @Override
    public void broken(String why) {
      log.line(Level.WARNING, "the guest broke " + why);
    }
  }

  /// Begins. As a server it listens when this returns; call it when the node is ready to answer.
  ///
  /// @throws LinuxException when it cannot listen there
  public VhostUserServer start() {
    if (!settings.client && maySpeak()) {
      listener = UnixListener.listen(settings.socket);
    }
    thread.start();
    return this;
  }

  private void run() {
    while (!closed) {
      try {
        UnixSocket socket = settings.client ? connect() : accept();
        if (socket != null) {
          serve(socket);
        }
      } catch (LinuxException e) {
        log.line(Level.WARNING, e.toString());
        pause();
      }
    }
  }

  /// There would be a point in a session now.
  private boolean maySpeak() {
    return link.up() || lastTookConfig || !hangUpOnLinkDown.getAsBoolean();
  }

  private @Nullable UnixSocket connect() {
    if (!maySpeak()) {
      pause();
      return null;
    }
    try {
      return UnixSocket.connect(settings.socket);
    } catch (LinuxException _) {
      // Nobody is there yet, or any more.
      pause();
      return null;
    }
  }

  private @Nullable UnixSocket accept() {
    UnixListener at;
    lock.lock();
    try {
      if (closed || !maySpeak()) {
        stopListening();
        pause();
        return null;
      }
      if (listener == null) {
        listener = UnixListener.listen(settings.socket);
      }
      at = listener;
    } finally {
      lock.unlock();
    }
    UnixSocket socket = at.accept();
    if (socket == null) {
      lock.lock();
      try {
        listener = listener == at ? null : listener;
      } finally {
        lock.unlock();
      }
    }
    return socket;
  }

  private void stopListening() {
    if (listener != null) {
      listener.close();
      listener = null;
    }
  }

  private void serve(UnixSocket socket) {
    sessions.add(1);
    GuestRings rings = new GuestRings(port, worker);
    UnixSocket held = Outpost.before(socket, FRAMING, "outpost " + settings.name);
    try (Session now = new Session(settings.name, held, rings, owner)) {
      worker.call(
          () -> {
            port.attach(now);
            return true;
          });
      session = now;
      if (closed || !maySpeak()) {
        return;
      }
      LOG.log(Level.INFO, settings.name + ": front-end connected");
      try {
        now.run();
        LOG.log(Level.INFO, settings.name + ": front-end gone");
      } finally {
        lastTookConfig = now.takesConfig();
      }
    } catch (ProtocolException e) {
      protocolErrors.add(1);
      log.line(Level.WARNING, "session ended, the front-end broke the protocol: " + e.getMessage());
    } catch (LinuxException e) {
      // Nearly always that the front-end did not wait for our answer.
      log.line(Level.INFO, "session ended: " + e.getMessage());
    } catch (IllegalStateException e) {
      if (!closed) {
        log.line(Level.ERROR, "session ended: " + e);
        pause();
      }
    } finally {
      session = null;
    }
  }

  private void pause() {
    lock.lock();
    try {
      int seen = changes;
      long left = TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS);
      while (!closed && changes == seen && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException _) {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /// The uplink's carrier came or went, or its speed changed. The same state again does nothing.
  public void link(LinkState state) {
    if (state.equals(link)) {
      return;
    }
    link = state;
    Session now = session;
    if (now != null && now.takesConfig()) {
      now.configChanged();
      return;
    }
    lock.lock();
    try {
      if (!maySpeak()) {
        hangUp(now);
        stopListening();
      }
      changes++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// The rings stop first: a front-end that sees its socket closed may use their memory at once.
  private void hangUp(@Nullable Session now) {
    if (now != null) {
      worker.call(
          () -> {
            port.detach();
            return true;
          });
      now.hangUp();
    }
  }

  /// Asks the guest to announce itself to its network, if it can: after its frames took another
  /// way.
  public void announce() {
    Session now = session;
    if (now != null) {
      now.announce();
    }
  }

  /// A front-end is connected.
  public boolean connected() {
    return session != null;
  }

  /// What the worker's fault handler asks each server.
  ///
  /// @return true when the fault was this guest's doing and is over
  public boolean onFault(Throwable fault) {
    // The only Error that an access to mapped memory throws when its page is gone.
    return fault instanceof InternalError && (checkMemory() || believeOver());
  }

  /// Looks whether the guest's memory files are as long as they were, and ends the session if not:
  /// its memory is replaced by zeros, so that no frame still out can do harm.
  ///
  /// @return true when some were shorter
  public boolean checkMemory() {
    boolean lost = false;
    for (GuestMemory memory : List.copyOf(port.snapshots())) {
      for (Region region : memory.regions()) {
        if (region.shrunk()) {
          region.replace();
          lost = true;
        }
      }
    }
    if (lost) {
      end("session ended: the front-end made the guest's memory file shorter");
    }
    return lost;
  }

  /// A file may be long again when we look, or short of huge pages: then the fault is over or comes
  /// back. It is this guest's only if its files can shrink at all.
  private boolean believeOver() {
    boolean possible = false;
    for (GuestMemory memory : port.snapshots()) {
      possible |= memory.regions().stream().anyMatch(Region::canShrink);
    }
    if (possible && ++unexplained > UNEXPLAINED_MAX) {
      unexplained = 0;
      end("session ended: the guest's memory cannot be read again and again");
    }
    return possible;
  }

  private void end(String why) {
    memoryLost.add(1);
    port.detach();
    Session now = session;
    if (now != null) {
      now.hangUp();
    }
    log.line(Level.WARNING, why);
  }

  /// sessions, protocol_errors, requests_refused, memory_lost.
  public List<Counter> counters() {
    return List.of(sessions, protocolErrors, refusals, memoryLost);
  }

  /// Ends the session, stops listening and ends the thread. Before the worker is closed.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      hangUp(session);
      stopListening();
      changes++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join(100);
      } catch (InterruptedException _) {
        interrupted = true;
      }
      Session now = session;
      if (now != null) {
        now.hangUp();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
