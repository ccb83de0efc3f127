package braid.fabric;

import java.lang.invoke.VarHandle;
import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// One TLS connection as two threads see it: the worker, whose session puts and takes records, and
/// the carrier, which moves bytes between the rings and a socket (or, in a simulation, another
/// connection's rings).
///
/// **Waking each other.** The worker calls the carrier once until the carrier has begun to look: a
/// flag saves the calls in between. The carrier wakes the worker only if it sleeps: the worker says
/// so ([#arm]) and looks once more before it does; the carrier publishes, then looks whether
/// anybody sleeps. Both have a full fence in between, so one of the two sees the other.
///
/// **Backpressure.** A carrier that finds no place for incoming bytes stops reading its socket and
/// says so ([#wantSpace]); the worker calls it when it has taken some. Outgoing bytes that the
/// socket does not take stay in their ring.
///
/// **The end.** The carrier ends a connection by [#ended], after the last byte was published; the
/// worker by [#hangUp] (what was published goes out first) or [#abort]. The memory of the rings is
/// free when both have let go.
public final class Connection {
  private static final int BYTES = 1;
  private static final int SPACE = 2;

  private final ByteRing outgoing;
  private final ByteRing incoming;
  private final Runnable wakeWorker;
  private final Set<String> names;
  private final SocketAddress address;
  private final Runnable freed;
  private final AtomicInteger holders = new AtomicInteger(2);
  private final AtomicBoolean called = new AtomicBoolean();
  private volatile Runnable callCarrier = () -> {};
  private volatile LongConsumer established = _ -> {};

  /// For what the worker sleeps: bits.
  private volatile int sleeping;

  private volatile boolean spaceWanted;
  private volatile boolean hangingUp;
  private volatile boolean aborted;
  private volatile @Nullable Ending ending;

  /// The worker took bytes since it last looked whether the carrier waits for that.
  private boolean consumed;

  /// A connection that is open.
  ///
  /// @param outgoing   put by the worker, taken by the carrier
  /// @param incoming   put by the carrier, taken by the worker
  /// @param wakeWorker ends the worker's sleep; any thread
  /// @param peer       who is there
  /// @param freed      run when nobody uses the rings any more, on the last one's thread
  public Connection(
      ByteRing outgoing, ByteRing incoming, Runnable wakeWorker, Peer peer, Runnable freed) {
    this.outgoing = outgoing;
    this.incoming = incoming;
    this.wakeWorker = wakeWorker;
    this.names = Set.copyOf(peer.names());
    this.address = peer.address();
    this.freed = freed;
  }

  /// The other end, as the certificate and the socket tell.
  ///
  /// @param names   the node may go by any of these
  /// @param address of its socket
  public record Peer(Set<String> names, SocketAddress address) {}

  /// Names in the peer's certificate.
  public Set<String> names() {
    return names;
  }

  /// The peer's socket.
  public SocketAddress address() {
    return address;
  }

  /// From the worker to the peer.
  public ByteRing outgoing() {
    return outgoing;
  }

  /// From the peer to the worker.
  public ByteRing incoming() {
    return incoming;
  }

  // The worker's

  /// Shows what was put, and calls the carrier if there is something for it to do.
  void flush() {
    boolean call = outgoing.publish();
    if (consumed) {
      consumed = false;
      VarHandle.fullFence(); // our consume() before our look; the carrier does it the other way
      if (spaceWanted) {
        spaceWanted = false;
        call = true;
      }
    }
    if (call) {
      call();
    }
  }

  /// Gives back the place of bytes that were read.
  void consume(int bytes) {
    incoming.consume(bytes);
    consumed = true;
  }

  /// From now on the carrier wakes the worker.
  ///
  /// @param known bytes that lie in the incoming ring and are no whole record: nothing new
  /// @param space also when there is room in the outgoing ring
  /// @return true when there is something already
  boolean arm(int known, boolean space) {
    sleeping = space ? BYTES | SPACE : BYTES;
    VarHandle.fullFence();
    return incoming.readable() != known
        || ending != null
        || (space && outgoing.unread() < outgoing.size() >> 1);
  }

  /// The worker is awake.
  void awake() {
    if (sleeping != 0) {
      sleeping = 0;
    }
  }

  /// The carrier's last word; all bytes that came before it can be read.
  @Nullable Ending ending() {
    return ending;
  }

  /// The peer has answered our greeting.
  ///
  /// @param session its number, which nobody else knows
  void established(long session) {
    established.accept(session);
  }

  /// Ends the connection when what was put is on its way, and lets go of it.
  void hangUp() {
    outgoing.publish();
    hangingUp = true;
    call();
    release();
  }

  /// Ends the connection now, and lets go of it.
  void abort() {
    aborted = true;
    call();
    release();
  }

  private void call() {
    if (!called.getAndSet(true)) {
      callCarrier.run();
    }
  }

  private void release() {
    if (holders.decrementAndGet() == 0) {
      freed.run();
    }
  }

  // The carrier's

  /// How the worker calls the carrier: `task` runs on the worker and has the carrier's own thread
  /// call [#look] and then move bytes. Set before the connection is handed to a session.
  public void onCall(Runnable task) {
    callCarrier = task;
  }

  /// What follows when a session that we dialled is established, told its number; on the worker.
  /// Set before the connection is handed to a session.
  void onEstablished(LongConsumer task) {
    established = task;
  }

  /// The carrier begins to look at the rings and the flags: what the worker does from now on is a
  /// new call.
  public void look() {
    called.set(false);
    VarHandle.fullFence();
  }

  /// Publishes incoming bytes, and wakes the worker if it sleeps.
  public void arrived() {
    if (incoming.publish()) {
      VarHandle.fullFence();
      if (sleeping != 0) {
        wake();
      }
    }
  }

  /// Says that outgoing bytes were taken.
  public void departed() {
    VarHandle.fullFence();
    if ((sleeping & SPACE) != 0 && outgoing.readable() < outgoing.size() >> 1) {
      wake();
    }
  }

  /// The carrier has bytes for which there is no place.
  ///
  /// @return false when there is some after all
  public boolean wantSpace() {
    spaceWanted = true;
    VarHandle.fullFence();
    return incoming.free() == 0;
  }

  /// Close when the outgoing ring is empty.
  public boolean hangingUp() {
    return hangingUp;
  }

  /// Close at once.
  public boolean aborted() {
    return aborted;
  }

  /// The connection is over: publishes what came, tells the worker, lets go of the rings. Once.
  public void ended(Ending how) {
    incoming.publish();
    ending = how;
    wake();
    release();
  }

  private void wake() {
    sleeping = 0;
    wakeWorker.run();
  }
}
