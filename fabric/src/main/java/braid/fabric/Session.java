package braid.fabric;

import braid.port.Clock;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PortCounters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One end of a session: outlives the connections that carry it.
///
/// **Theory of operation.** What it is doing is its [SessionState]. Everything happens in [#turn]
/// (bytes in, timers) and [#flush] (bytes out), which the port's cable calls; time comes from the
/// clock, bytes from two rings, so a simulation runs the same code.
///
/// **A cut.** What the far NIC has not taken stays held; what nobody here has taken is thrown away,
/// since the peer will send it again. The next connection's greetings say from which number each
/// side goes on ([Records]). So a frame is delivered once and in order, whatever the number of
/// cuts. What is held for long without a connection is dropped and counted; before that a bond may
/// take it back and send it another way.
///
/// **Thread**: the worker's. **Never**: an exception for what a peer sends.
final class Session {
  /// A connection that held for so many first waits was a good one: the next wait is short again.
  private static final int GOOD = 10;

  private final Parties parties;
  private final Environment env;
  private final Clock clock;
  private final Timing timing;
  private final Redial redial;
  private final Vigil vigil;
  private final Transmitter transmitter;
  private final Receiver receiver;
  private final Outbox outbox = new Outbox();
  private final MemorySegment scratch = Arena.ofAuto().allocate(Records.HELLO_MAX, Long.BYTES);

  private SessionState state = SessionState.IDLE;
  private @Nullable Connection connection;
  private @Nullable RecordReader reader;
  private long id;

  /// The peer has answered a greeting with this id: the session can go on.
  private boolean begun;

  private LinkState announced;
  private LinkState link = LinkState.DOWN;
  private long redialAt;
  private long greetBy;
  private long upAt;
  private long downAt;
  private long roundTrip;

  /// Set when the peer ended the session for good: why.
  private @Nullable String over;

  Session(Parties parties, Environment env, MemorySegment memory, PortCounters counters) {
    this.parties = parties;
    this.env = env;
    this.clock = env.clock();
    this.timing = env.timing();
    this.redial = new Redial(timing, env.random());
    long now = clock.nanos();
    this.vigil = new Vigil(timing, now);
    this.transmitter = new Transmitter(env.window().frames(), counters);
    this.receiver = new Receiver(env.window(), memory, counters);
    // A user is there; the state of a NIC is told by its owner.
    this.announced = parties.dial() == null ? LinkState.DOWN : LinkState.UP;
    this.id = env.random().nextLong();
    this.redialAt = now;
    this.downAt = now;
  }

  // The port's verbs

  int receive(Frame[] into, int max) {
    turn();
    return receiver.receive(into, max);
  }

  void send(Frame[] frames, int count) {
    transmitter.send(frames, count);
  }

  int room() {
    return transmitter.room();
  }

  int recall(Frame[] into, int max) {
    return transmitter.recall(into, max);
  }

  LinkState link() {
    return link;
  }

  /// Puts what is due into the ring and calls the carrier, once.
  void flush() {
    Connection to = connection;
    if (to == null) {
      return;
    }
    if (state == SessionState.UP) {
      transmitter.write();
      outbox.flush(to.outgoing(), receiver, clock.nanos());
    }
    to.flush();
  }

  /// See [braid.port.Port#arm].
  boolean arm() {
    Connection at = connection;
    if (at == null || reader == null) {
      return receiver.waiting();
    }
    if (state == SessionState.UP && receiver.answerDue()) {
      outbox.answer(at.outgoing(), receiver);
      at.flush();
    }
    return at.arm(reader.rest(), transmitter.ringFull()) || receiver.waiting();
  }

  long deadline() {
    long at =
        switch (state) {
          case IDLE -> parties.dial() == null ? Long.MAX_VALUE : redialAt;
          case DIALING, CLOSED -> Long.MAX_VALUE;
          case GREETING -> greetBy;
          case UP -> Math.min(vigil.deadline(), outbox.deadline());
        };
    boolean expires = state != SessionState.UP && transmitter.held() > 0;
    return expires ? Math.min(at, downAt + timing.retain()) : at;
  }

  // State

  SessionState state() {
    return state;
  }

  long id() {
    return id;
  }

  /// Sent frames without an answer.
  int inFlight() {
    return transmitter.held();
  }

  /// Received frames that are still out.
  int out() {
    return receiver.out();
  }

  /// Frames that are out leave the far end no credit for another.
  boolean blocked() {
    return receiver.blocked();
  }

  long roundTrip() {
    return roundTrip;
  }

  /// Since when there is no connection; without meaning while there is one.
  long downAt() {
    return downAt;
  }

  /// Why the peer ended the session for good, once all that it sent before was taken (or nobody
  /// takes it); null else.
  @Nullable String over() {
    return receiver.waiting() && clock.nanos() - downAt < timing.retain() ? null : over;
  }

  void announce(LinkState now) {
    if (!now.equals(announced)) {
      announced = now;
      outbox.status(now);
    }
  }

  // A turn

  void turn() {
    long now = clock.nanos();
    vigil.turn(now);
    Connection from = connection;
    if (from != null && reader != null) {
      from.awake();
      read(from, reader, now);
    }
    if (state != SessionState.UP || vigil.due(now)) {
      timers(now);
    }
  }

  private void timers(long now) {
    switch (state) {
      case IDLE -> {
        if (parties.dial() != null && now >= redialAt) {
          state = SessionState.DIALING;
          parties.dial().run();
        }
      }
      case GREETING -> {
        if (now >= greetBy) {
          lose(FabricEvent.Kind.HUNG, "no greeting in time: the peer's worker is stuck", false);
        }
      }
      case UP -> watch(now);
      case DIALING, CLOSED -> {}
    }
    if (state != SessionState.UP && transmitter.held() > 0 && now >= downAt + timing.retain()) {
      int count = transmitter.expire();
      event(
          FabricEvent.Kind.EXPIRED,
          count + " frames without an answer dropped: no connection for too long");
    }
  }

  private void watch(long now) {
    Connection at = connection;
    long silence = vigil.tick(now);
    if (at == null) {
      return;
    }
    if (silence >= timing.hung()) {
      lose(
          FabricEvent.Kind.HUNG,
          "nothing heard for "
              + silence / 1_000_000
              + " ms though the connection stands: the peer hangs or the way is silent",
          false);
      return;
    }
    if (vigil.pingDue(now)) {
      outbox.ping();
    }
    int change = vigil.blockedChange(at.outgoing());
    if (change > 0) {
      event(
          FabricEvent.Kind.BLOCKED,
          "the socket takes nothing: the way or the peer is slower than the traffic");
    } else if (change < 0) {
      event(FabricEvent.Kind.UNBLOCKED, "the socket takes bytes again");
    }
  }

  // Bytes in

  private void read(Connection from, RecordReader records, long now) {
    // Before the look at the ring: all bytes were published before the end.
    Ending ending = from.ending();
    if (records.look() > 0) {
      vigil.heard(now);
    }
    for (int type = records.next(); type != RecordReader.NONE; type = records.next()) {
      String fault =
          type == RecordReader.BAD
              ? records.fault()
              : record(type, from, records.body(), records.length());
      if (fault != null) {
        misbehaved(fault);
        return;
      }
      if (connection != from) {
        return;
      }
    }
    records.done();
    if (ending != null) {
      lose(ending.kind(), ending.detail(), false);
    }
  }

  /// Handles one record.
  ///
  /// @return how the peer broke the protocol, or null
  private @Nullable String record(int type, Connection from, int body, int length) {
    ByteRing ring = from.incoming();
    if (state != SessionState.UP && type != Records.HELLO && type != Records.BYE) {
      return "a record before the greeting";
    }
    switch (type) {
      case Records.FRAME -> {
        return receiver.frame(ring, body, length);
      }
      case Records.CONTROL -> receiver.control(ring, body, length);
      case Records.ACK -> {
        long bytes = ring.getLong(body + 8);
        if (!transmitter.answered(ring.getInt(body), ring.getInt(body + 4), bytes)) {
          return "an answer to what was not sent";
        }
      }
      case Records.STATUS -> {
        int speed = ring.getInt(body + 4);
        boolean up = ring.getInt(body) != 0 && speed >= 0;
        link = up ? new LinkState(true, speed) : LinkState.DOWN;
      }
      case Records.PING -> outbox.pong(ring.getLong(body));
      case Records.PONG -> roundTrip = Math.max(0, clock.nanos() - ring.getLong(body));
      case Records.BYE -> {
        ring.copy(body, scratch.address(), length);
        goodbye(Bye.read(scratch.address(), length));
      }
      default -> {
        ring.copy(body, scratch.address(), length);
        return hello(from, Hello.read(scratch.address(), length));
      }
    }
    return null;
  }

  private void goodbye(Bye bye) {
    boolean wasUp = state == SessionState.UP;
    boolean forGood = bye.code() != Bye.PROTOCOL;
    if (forGood) {
      over = bye.text();
      renew();
    }
    // What it sent before it left for good is good: it will not come again.
    lose(
        wasUp ? FabricEvent.Kind.PEER_CLOSED : FabricEvent.Kind.REFUSED,
        "the peer says: " + bye.text(),
        forGood);
    if (bye.code() == Bye.REPLACED) {
      // Two of one name must not throw each other out as fast as they can.
      redialAt = clock.nanos() + timing.redialMost();
    }
  }

  /// The next greeting is for a new session.
  private void renew() {
    id = env.random().nextLong();
    begun = false;
  }

  // Connections

  /// The dialled connection is there.
  void dialed(Connection to) {
    if (state != SessionState.DIALING) {
      to.abort();
      return;
    }
    state = SessionState.GREETING;
    use(to);
    greetBy = clock.nanos() + timing.hello();
    greet(to, begun);
  }

  /// No connection could be made.
  void failed(Ending why) {
    if (state == SessionState.DIALING) {
      state = SessionState.IDLE;
      redialAt = clock.nanos() + redial.next();
      event(why.kind(), why.detail());
    }
  }

  private void greet(Connection to, boolean known) {
    if (!known) {
      receiver.begin();
    }
    receiver.greet();
    outbox.hello(
        to.outgoing(),
        new Hello(
            Records.VERSION,
            Records.VERSION,
            id,
            receiver.next(),
            receiver.doneNumber(),
            receiver.creditFrames(),
            receiver.creditBytes(),
            known,
            announced,
            env.node(),
            parties.user(),
            parties.nic()));
    to.flush();
  }

  /// The answer to our greeting.
  private @Nullable String hello(Connection from, @Nullable Hello hello) {
    if (state != SessionState.GREETING) {
      return "a second greeting";
    }
    if (hello == null || hello.session() != id || !hello.node().equals(parties.peer())) {
      return "a greeting that answers another one";
    }
    if (hello.lowest() != Records.VERSION || hello.highest() != Records.VERSION) {
      return "a version that was not offered";
    }
    boolean known = begun && hello.known();
    if (!known) {
      receiver.begin();
      transmitter.begin(from.outgoing(), hello);
    } else if (!transmitter.resume(from.outgoing(), hello)) {
      renew();
      return "a session that goes on from what never was";
    }
    up(hello, known);
    from.established(id);
    return null;
  }

  /// A dialling peer's greeting, checked by [Sessions] as far as names go: the connection is this
  /// session's from now on.
  ///
  /// @param known the peer means this session, else it begins
  /// @return false when the session cannot go on as the peer wants
  boolean attach(Connection to, Hello hello, boolean known) {
    if (connection != null) {
      lose(FabricEvent.Kind.LOST, "the peer came back on a new connection", false);
    }
    if (!known) {
      id = hello.session();
      transmitter.begin(to.outgoing(), hello);
    } else if (!transmitter.resume(to.outgoing(), hello)) {
      return false;
    }
    use(to);
    greet(to, known);
    up(hello, known);
    return true;
  }

  private void use(Connection to) {
    connection = to;
    reader = new RecordReader(to);
  }

  private void up(Hello hello, boolean known) {
    long now = clock.nanos();
    state = SessionState.UP;
    begun = true;
    over = null;
    upAt = now;
    link = hello.link();
    vigil.begin(now);
    outbox.ping();
    event(FabricEvent.Kind.CONNECTED, known ? "the session goes on" : "a session begins");
  }

  private void misbehaved(String fault) {
    Connection from = connection;
    if (from != null) {
      outbox.bye(from.outgoing(), new Bye(Bye.PROTOCOL, fault));
      from.hangUp();
      connection = null;
    }
    lose(
        FabricEvent.Kind.MISBEHAVED,
        "broke the protocol: " + fault + "; do both nodes run the same version?",
        false);
  }

  /// The connection is of no use any more.
  ///
  /// @param keep what it brought and nobody has taken yet stays
  private void lose(FabricEvent.Kind kind, String detail, boolean keep) {
    if (connection != null) {
      connection.abort();
      connection = null;
    }
    transmitter.detach();
    if (!keep) {
      receiver.cut();
    }
    long now = clock.nanos();
    if (state == SessionState.UP && now - upAt >= GOOD * timing.redialFirst()) {
      redial.reset();
    }
    downAt = state == SessionState.UP ? now : downAt;
    link = LinkState.DOWN;
    state = SessionState.IDLE;
    redialAt = now + redial.next();
    event(kind, detail);
  }

  /// Ends the session; see [FabricPort#close].
  void close(Bye bye) {
    Connection old = connection;
    if (old != null) {
      if (state == SessionState.UP) {
        transmitter.write();
        outbox.answer(old.outgoing(), receiver);
      }
      outbox.bye(old.outgoing(), bye);
      old.hangUp();
      connection = null;
    }
    transmitter.detach();
    transmitter.expire();
    receiver.cut();
    link = LinkState.DOWN;
    state = SessionState.CLOSED;
  }

  private void event(FabricEvent.Kind kind, String detail) {
    env.events()
        .event(new FabricEvent(kind, parties.peer(), parties.user(), parties.nic(), detail));
  }
}
