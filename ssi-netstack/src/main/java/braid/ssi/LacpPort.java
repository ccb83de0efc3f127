package braid.ssi;

import braid.port.Frame;
import braid.port.LinkState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The machines of one link: what it knows of its partner, what it tells it. No I/O; time is an
/// argument. [Lacp] runs the machines in turn and makes the choice among aggregators.
///
/// Silence of the partner is judged only after the port's queue was seen empty ([#drained]), and
/// time in which the worker stood still is not silence ([#stalled]).
final class LacpPort {
  /// Lower is higher; Linux gives all its ports the same.
  private static final int PRIORITY = 255;

  private static final long SECOND = 1_000_000_000L;

  /// How long a link waits for others to join its aggregator (6.4.4, Aggregate_Wait_Time).
  static final long WAIT_NANOS = 2 * SECOND;

  private static final long CHURN_NANOS = 60 * SECOND;

  /// Most LACPDUs in one second (6.4.16), and most responses to markers.
  private static final int BURST = 3;

  private static final long NEVER = Long.MAX_VALUE;

  private final String name;
  private final int number;
  private final long mac;
  private final long system;
  private LacpConfig config;
  private boolean enabled;
  private boolean drained = true;
  private int speed;
  private int key;
  private int told;
  private boolean ntt;
  private boolean waited;
  private LacpInfo partner = LacpInfo.NOBODY.without(LacpInfo.SYNC);
  private LacpReceive receive = LacpReceive.PORT_DISABLED;
  private LacpPeriodic periodic = LacpPeriodic.NONE;
  private LacpMux mux = LacpMux.DETACHED;
  private LacpSelection selection = LacpSelection.UNSELECTED;
  private Aggregate.@Nullable Lag lag;
  private LacpChurn actorChurn = LacpChurn.MONITOR;
  private LacpChurn partnerChurn = LacpChurn.MONITOR;
  private long timeoutAt = NEVER;
  private long periodicAt = NEVER;
  private long waitedAt = NEVER;
  private long actorChurnAt = NEVER;
  private long partnerChurnAt = NEVER;
  private final Budget budget = new Budget(BURST);
  private final Budget markerBudget = new Budget(BURST);
  private final byte[] marker = Lacpdu.markerSpace();
  private boolean markerWaits;

  /// A link without carrier.
  ///
  /// @param number unique in the system, 1 to 65535
  /// @param mac    source of its LACPDUs
  /// @param system MAC that identifies our end
  LacpPort(String name, int number, long mac, long system, LacpConfig config) {
    this.name = name;
    this.number = number;
    this.mac = mac;
    this.system = system;
    this.config = config;
    this.key = config.key(0);
  }

  int number() {
    return number;
  }

  /// What we tell the partner of ourselves.
  LacpInfo actor() {
    int state = LacpInfo.AGGREGATION | told;
    state |= config.active() ? LacpInfo.ACTIVE : 0;
    state |= config.rate() == LacpRate.FAST ? LacpInfo.SHORT_TIMEOUT : 0;
    state |= receive == LacpReceive.DEFAULTED ? LacpInfo.DEFAULTED : 0;
    state |= receive == LacpReceive.EXPIRED ? LacpInfo.EXPIRED : 0;
    return new LacpInfo(config.systemPriority(), system, key, PRIORITY, number, state);
  }

  /// What is known or assumed of the partner.
  LacpInfo partner() {
    return partner;
  }

  LacpReceive receive() {
    return receive;
  }

  LacpMux mux() {
    return mux;
  }

  boolean enabled() {
    return enabled;
  }

  /// Mbit/s, 0 when unknown.
  int speed() {
    return speed;
  }

  Aggregate.@Nullable Lag lag() {
    return lag;
  }

  LacpSelection selection() {
    return selection;
  }

  /// Another configuration; a partner who must know is told.
  void config(LacpConfig next, long now) {
    if (receive == LacpReceive.CURRENT) {
      timeoutAt = Math.min(timeoutAt, now + next.rate().lossNanos());
    }
    config = next;
    ntt = true;
    rekey();
  }

  /// The carrier or its speed.
  void link(LinkState state, long now) {
    if (state.up()) {
      speed = state.speedMbps();
      rekey();
    }
    if (state.up() != enabled) {
      enabled = state.up();
      receive(enabled ? LacpReceive.Event.ENABLED : LacpReceive.Event.DISABLED, now);
      ntt |= enabled;
    }
  }

  private void rekey() {
    int next = config.key(speed);
    if (next != key) {
      key = next;
      ntt = true;
      unselect();
    }
  }

  private void unselect() {
    selection = LacpSelection.UNSELECTED;
    lag = null;
  }

  /// Whether the last receive emptied the port's queue.
  void drained(boolean empty) {
    drained = empty;
  }

  /// The worker stood still for `nanos`.
  void stalled(long nanos) {
    timeoutAt = timeoutAt == NEVER ? NEVER : timeoutAt + nanos;
  }

  /// An LACPDU came.
  ///
  /// @param from the sender's end
  /// @param us   what the sender believes of our end
  void heard(LacpInfo from, LacpInfo us, long now) {
    if (receive == LacpReceive.PORT_DISABLED) {
      return;
    }
    if (!partner.sameEnd(from)) {
      unselect();
    }
    LacpInfo self = actor();
    int watched = LacpInfo.ACTIVE | LacpInfo.SHORT_TIMEOUT | LacpInfo.SYNC;
    boolean known = us.sameEnd(self);
    ntt |= !known || ((us.state() ^ self.state()) & watched) != 0;
    // In sync is who says so, has us right (or wants the link alone), and will keep speaking.
    boolean right = known || !from.is(LacpInfo.AGGREGATION);
    boolean kept = from.is(LacpInfo.ACTIVE) || (config.active() && us.is(LacpInfo.ACTIVE));
    partner = right && kept ? from : from.without(LacpInfo.SYNC);
    receive = receive.on(LacpReceive.Event.PDU);
    timeoutAt = now + config.rate().lossNanos();
  }

  private void receive(LacpReceive.Event event, long now) {
    LacpReceive from = receive;
    receive = from.on(event);
    if (receive == from) {
      return;
    }
    timeoutAt = NEVER;
    switch (receive) {
      case PORT_DISABLED -> partner = partner.without(LacpInfo.SYNC);
      case EXPIRED -> {
        partner = partner.without(LacpInfo.SYNC).with(LacpInfo.SHORT_TIMEOUT);
        timeoutAt = now + LacpRate.FAST.lossNanos();
      }
      case DEFAULTED -> forget();
      case CURRENT -> throw new AssertionError("only a message leads to CURRENT");
    }
  }

  private void forget() {
    if (!partner.sameEnd(LacpInfo.NOBODY)) {
      unselect();
    }
    partner = LacpInfo.NOBODY;
  }

  /// The partner that was heard here last speaks on another port now: the cable was moved.
  void movedAway() {
    if (receive == LacpReceive.PORT_DISABLED) {
      forget();
      partner = partner.without(LacpInfo.SYNC);
    }
  }

  /// Judges the partner's silence and our own patience; only after everything received was handled.
  void expire(long now) {
    if (now >= waitedAt) {
      waited = true;
      waitedAt = NEVER;
    }
    if (drained && now >= timeoutAt) {
      receive(LacpReceive.Event.TIMEOUT, now);
    }
  }

  /// Puts an unselected, detached link with carrier into an aggregator, on standby for now.
  void select() {
    if (enabled && selection == LacpSelection.UNSELECTED && mux == LacpMux.DETACHED) {
      boolean shares = partner.is(LacpInfo.AGGREGATION) && partner.system() != 0;
      lag =
          new Aggregate.Lag(
              key, partner.systemPriority(), partner.system(), partner.key(), shares ? 0 : number);
      selection = LacpSelection.STANDBY;
    }
  }

  /// The choice was made for the aggregator `chosen`.
  void select(Aggregate.Lag chosen) {
    if (lag != null) {
      selection = lag.equals(chosen) ? LacpSelection.SELECTED : LacpSelection.STANDBY;
    }
  }

  /// It distributes, as far as was known since the last turn.
  boolean distributing() {
    return enabled && selection == LacpSelection.SELECTED && mux == LacpMux.DISTRIBUTING;
  }

  /// It has waited for others, or need not wait any more.
  boolean waited() {
    return waited;
  }

  /// It has carrier, a verdict on its partner, and has waited: it could carry traffic at once.
  boolean ready() {
    boolean settled = receive == LacpReceive.CURRENT || receive == LacpReceive.DEFAULTED;
    return enabled && settled && waited;
  }

  /// One step of the mux machine.
  ///
  /// @param ready all links that wait for its aggregator have waited
  /// @return whether it moved
  boolean stepMux(boolean ready, long now) {
    LacpMux from = mux;
    mux = from.next(selection, ready, partner.is(LacpInfo.SYNC), partner.is(LacpInfo.COLLECTING));
    if (mux == from) {
      return false;
    }
    waitedAt = mux == LacpMux.WAITING ? now + WAIT_NANOS : NEVER;
    waited = mux.compareTo(LacpMux.WAITING) > 0;
    told =
        switch (mux) {
          case DETACHED, WAITING -> 0;
          case ATTACHED -> LacpInfo.SYNC;
          case COLLECTING -> LacpInfo.SYNC | LacpInfo.COLLECTING;
          case DISTRIBUTING -> LacpInfo.SYNC | LacpInfo.COLLECTING | LacpInfo.DISTRIBUTING;
        };
    ntt |= mux != LacpMux.WAITING;
    return true;
  }

  /// The periodic machine, and churn: what only looks at the state of the others.
  void stepTimers(long now) {
    boolean speaks = enabled && (config.active() || partner.is(LacpInfo.ACTIVE));
    boolean fast = partner.is(LacpInfo.SHORT_TIMEOUT);
    for (LacpPeriodic next = pace(speaks, fast, now); next != periodic; ) {
      periodic = next;
      ntt |= next == LacpPeriodic.TRANSMIT;
      periodicAt =
          switch (next) {
            case NONE, TRANSMIT -> NEVER;
            case FAST -> now + LacpRate.FAST.nanos();
            case SLOW -> now + LacpRate.SLOW.nanos();
          };
      next = pace(speaks, fast, now);
    }
    actorChurn = actorChurn.next(enabled, (told & LacpInfo.SYNC) != 0, now >= actorChurnAt);
    actorChurnAt = churnTimer(actorChurn, actorChurnAt, now);
    partnerChurn = partnerChurn.next(enabled, partner.is(LacpInfo.SYNC), now >= partnerChurnAt);
    partnerChurnAt = churnTimer(partnerChurn, partnerChurnAt, now);
  }

  private LacpPeriodic pace(boolean speaks, boolean fast, long now) {
    return periodic.next(speaks, fast, now >= periodicAt);
  }

  private long churnTimer(LacpChurn churn, long at, long now) {
    if (churn != LacpChurn.MONITOR || !enabled) {
      return NEVER;
    }
    return at == NEVER ? now + CHURN_NANOS : at;
  }

  /// A marker came that wants a response. One waits at a time; the rest of a flood is dropped.
  void marked(Frame frame) {
    if (enabled) {
      Lacpdu.copyMarker(frame, marker);
      markerWaits = true;
    }
  }

  /// Something is to be sent now.
  boolean due(long now) {
    return now >= dueAt();
  }

  private long dueAt() {
    long at = NEVER;
    if (ntt && periodic != LacpPeriodic.NONE) {
      at = budget.nextAt();
    }
    return markerWaits && enabled ? Math.min(at, markerBudget.nextAt()) : at;
  }

  /// Writes what is [#due].
  void write(Frame frame, long now) {
    if (markerWaits && now >= markerBudget.nextAt()) {
      markerWaits = false;
      markerBudget.spend(now);
      Lacpdu.writeResponse(frame, mac, marker);
    } else {
      ntt = false;
      budget.spend(now);
      Lacpdu.write(frame, mac, actor(), partner);
    }
  }

  /// There was no frame to write what is [#due] into: again a little later.
  void missed(long now) {
    (markerWaits && now >= markerBudget.nextAt() ? markerBudget : budget).spend(now);
  }

  /// When something is to be done with no frame coming, [Long#MAX_VALUE] for never.
  long deadline() {
    long at = Math.min(periodicAt, dueAt());
    // Not drained: the frames that wait wake us, not the clock.
    at = drained ? Math.min(at, timeoutAt) : at;
    at = Math.min(at, waitedAt);
    return Math.min(at, Math.min(actorChurnAt, partnerChurnAt));
  }

  LacpStatus status() {
    boolean churned = actorChurn == LacpChurn.CHURN || partnerChurn == LacpChurn.CHURN;
    return new LacpStatus(name, receive, mux, selection, actor(), partner, churned);
  }

  /// At most so many in any one second.
  private static final class Budget {
    private final long[] spent;
    private int next;

    Budget(int count) {
      spent = new long[count];
      Arrays.fill(spent, Long.MIN_VALUE);
    }

    /// From when on one more may be sent.
    long nextAt() {
      return spent[next] == Long.MIN_VALUE ? Long.MIN_VALUE : spent[next] + SECOND;
    }

    void spend(long now) {
      spent[next] = now;
      next = (next + 1) % spent.length;
    }
  }
}
