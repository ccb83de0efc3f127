package braid.fabric;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/// Another node's NIC as a port, or, on the NIC's own node, the user that reaches for it.
///
/// **Out.** [#send] accepts frames as far as the far end gave credit ([#room]); each is copied once
/// and held until the far NIC has taken it, so a guest's buffer is the guest's again when its frame
/// is where it belongs. [#recall] gives back what has no answer yet. Without a connection there is
/// no room.
///
/// **In.** Frames lie in this port's own memory until released, and a release is what tells the far
/// end that the frame was taken: who receives holds frames as long as the NIC needs them and no
/// longer.
///
/// **Continuity checks** (untagged frames of EtherType 0x8902, up to 128 bytes) pass by all queues,
/// need no credit and are released as soon as they are sent.
///
/// **Link**: that of the far NIC while the session is established, else down.
///
/// **Thread**: the worker's, also for what [Port] does not have; [#name] and [#counters] any.
public final class FabricPort implements Port {
  private final String name;
  private final PortCounters counters = new PortCounters();
  private final Session session;

  private FabricPort(
      String name, Environment env, MemorySegment memory, Function<FabricPort, Parties> parties) {
    this.name = name;
    this.session = new Session(parties.apply(this), env, memory, counters);
  }

  /// The end that dials. [Fabric#connect] makes it over TLS; a simulation has its own dialer.
  ///
  /// @param user   on whose behalf
  /// @param memory for received frames, [Window#memoryBytes] long; outlives them
  public static FabricPort dialing(
      String user, RemoteNic remote, Environment env, MemorySegment memory, Dialer dialer) {
    Names.check("user", user);
    return new FabricPort(
        remote + " (" + user + ")",
        env,
        memory,
        port -> new Parties(remote.node(), user, remote.nic(), () -> dialer.dial(remote, port)));
  }

  /// The end that answers, for [Sessions].
  static FabricPort answering(PeerInfo peer, Environment env, MemorySegment memory) {
    return new FabricPort(
        peer.nic() + " (" + peer.node() + "/" + peer.user() + ")",
        env,
        memory,
        port -> new Parties(peer.node(), peer.user(), peer.nic(), null));
  }

  Session session() {
    return session;
  }

  /// The dialer has made a connection: the session's from now on.
  public void dialed(Connection connection) {
    session.dialed(connection);
  }

  /// The dialer could not make one: there will be another attempt.
  public void failed(Ending why) {
    session.failed(why);
  }

  /// Tells the far end the state of the NIC behind this end; sent with the next [#flush] if
  /// connected, and with each greeting. Until it is called, a NIC is down and a user is up.
  public void announce(LinkState state) {
    session.announce(state);
  }

  /// Frames that [#send] accepted and that neither reached the far NIC nor were taken back.
  public int inFlight() {
    return session.inFlight();
  }

  /// Frames that [#receive] gave out and that are not released: the memory is theirs until 0.
  public int outstanding() {
    return session.out();
  }

  /// The session is established, whatever the far NIC's carrier.
  public boolean connected() {
    return session.state() == SessionState.UP;
  }

  /// The last measured time there and back of a small record, in nanoseconds; 0 while unknown.
  public long roundTripNanos() {
    return session.roundTrip();
  }

  /// Ends the session for good: says goodbye, drops and counts what has no answer (take it back
  /// before, if it is to go another way) and what was not taken.
  ///
  /// @param reason told to the peer, one clause
  public void close(String reason) {
    close(new Bye(Bye.CLOSED, reason));
  }

  void close(Bye bye) {
    if (session.state() != SessionState.CLOSED) {
      session.close(bye);
    }
  }

  /// Closed for good: by [#close], or, on the NIC's own node, because the user has gone.
  public boolean closed() {
    return session.state() == SessionState.CLOSED;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int receive(Frame[] into, int max) {
    return session.receive(into, max);
  }

  @Override
  public void send(Frame[] frames, int count) {
    session.send(frames, count);
  }

  @Override
  public int room() {
    return session.room();
  }

  @Override
  public void flush() {
    session.flush();
  }

  @Override
  public LinkState link() {
    return session.link();
  }

  @Override
  public boolean arm() {
    return session.arm();
  }

  @Override
  public long deadline() {
    return session.deadline();
  }

  @Override
  public int recall(Frame[] into, int max) {
    return session.recall(into, max);
  }

  @Override
  public int pending() {
    return inFlight();
  }

  @Override
  public boolean blocked() {
    return session.blocked();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public String toString() {
    return "FabricPort[" + name + ", " + session.state() + "]";
  }
}
