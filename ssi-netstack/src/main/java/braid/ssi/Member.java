package braid.ssi;

import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import org.jspecify.annotations.Nullable;

/// One port of a bond, and the judgement on it. The bond's worker only.
///
/// Checks feed verdicts, verdicts feed [MemberState], and [#fitness] is what the choice sees.
/// Silence is judged only after the port's queue was seen empty ([#drained]): a message may wait
/// behind data that nobody had room for.
final class Member {
  private final MemberConfig config;
  private final int slot;
  private final Outbox out;
  private final Port port;
  private final long probeMac;
  private final Counters counters;
  private final ProbeFrames frames;
  private final Frame[] one = new Frame[1];
  private BondConfig.Health health;
  private @Nullable Mep mep;
  private @Nullable TargetProbe target;
  private MemberState state = MemberState.DOWN;
  private HoldDown hold;
  private LinkState link = LinkState.DOWN;
  private boolean drained = true;
  private boolean draining;
  private long leaveBy;
  private boolean inUse;
  private boolean gone;
  private @Nullable LacpPort lacp;
  private boolean local;
  private boolean silent;
  private long heldAt;
  private long upSince;
  private long failures;
  private Reason lastReason = Reason.CARRIER;
  private long lastSilence;

  Member(
      int slot,
      Port port,
      MemberConfig config,
      BondConfig.Health health,
      long probeMac,
      Counters counters,
      FramePool pool) {
    this.slot = slot;
    this.port = port;
    this.out = new Outbox(port, counters.dropFull);
    this.config = config;
    this.probeMac = probeMac;
    this.health = health;
    this.hold = HoldDown.none(health);
    this.counters = counters;
    this.frames = new ProbeFrames(pool, Limits.PROBES);
    watch();
  }

  private void watch() {
    mep = null;
    target = null;
    for (Monitor monitor : health.monitors()) {
      switch (monitor) {
        case Carrier _ -> {}
        case Continuity c -> mep = config.answers() ? new Mep(c) : null;
        case ArpTarget t -> target = new ArpProbe(t, probeMac);
        case NsTarget t -> target = new NsProbe(t, probeMac);
      }
    }
  }

  /// Other checks and hold times. A member that is fit stays so until a new check has had its time.
  void reconfigure(BondConfig.Health next, long now) {
    boolean sameChecks = next.monitors().equals(health.monitors());
    health = next;
    hold = hold.with(next);
    if (sameChecks) {
      return;
    }
    watch();
    boolean fit = healthy();
    if (mep != null) {
      mep.reset(now);
      if (fit) {
        mep.beat().heard(now);
      }
    }
    if (target != null) {
      target.reset(now);
      if (fit) {
        target.beat().heard(now);
      }
    }
  }

  /// Told to carry nothing more.
  boolean draining() {
    return draining;
  }

  void draining(boolean on, long now) {
    draining = on;
    leaveBy = now + Limits.LEAVE_NANOS;
  }

  /// Nothing of ours is on it or will be.
  ///
  /// @param gap silence after which no flow comes back to it
  boolean empty(long gap, long now) {
    boolean left = now >= leaveBy || now - out.lastSent() > gap;
    return !inUse && left && out.held() == 0 && port.pending() == 0;
  }

  /// A number that no other member of the bond has, 0 to 63.
  int slot() {
    return slot;
  }

  Outbox out() {
    return out;
  }

  /// It carries frames.
  boolean inUse() {
    return inUse;
  }

  void inUse(boolean on) {
    inUse = on;
  }

  /// A flow that is here may stay until it has a gap.
  boolean keepsFlows(long now) {
    return inUse || (healthy() && (!draining || now < leaveBy));
  }

  /// Every check succeeds; and it is still ours.
  boolean healthy() {
    return !gone && judged().healthy();
  }

  /// It stopped carrying frames because it failed, and not for `otherwise`.
  boolean failed(Reason otherwise) {
    boolean told = otherwise == Reason.REMOVED || otherwise == Reason.MANUAL || healthy();
    return !told;
  }

  /// Its port belongs to this node.
  boolean near() {
    return config.distance() == 0;
  }

  boolean nearer(Member other) {
    return config.distance() < other.config.distance();
  }

  /// Its end of the link aggregation, null in other modes.
  @Nullable LacpPort lacp() {
    return lacp;
  }

  void lacp(@Nullable LacpPort end) {
    lacp = end;
  }

  String name() {
    return config.name();
  }

  MemberConfig config() {
    return config;
  }

  Port port() {
    return port;
  }

  long probeMac() {
    return probeMac;
  }

  MemberState state() {
    return state;
  }

  /// Why it was last found unhealthy.
  Reason lastReason() {
    return lastReason;
  }

  /// Silence on the path when it was last found unhealthy.
  long lastSilence() {
    return lastSilence;
  }

  /// Whether the last receive emptied the port's queue.
  void drained(boolean empty) {
    drained = empty;
    LacpPort end = lacp;
    if (end != null) {
      end.drained(empty);
    }
  }

  /// Carrier or speed differ from what was last judged: a field read and a compare.
  boolean linkChanged() {
    return !port.link().equals(link);
  }

  /// Takes a frame that is for a check of this member.
  ///
  /// @return false when it is data
  boolean takes(Frame frame, int type, long now) {
    if (type == Wire.TYPE_CFM && mep != null && mep.claims(frame)) {
      counters.controlReceived.add(1);
      if (!mep.heard(frame, false, now)) {
        counters.controlWrong.add(1);
      }
      return true;
    }
    if (target != null && target.answers(frame, type)) {
      counters.controlReceived.add(1);
      target.beat().heard(now);
      target.suspicion().answered(now);
      return true;
    }
    return false;
  }

  /// Frames for the host came from it.
  void data(long now) {
    if (target != null) {
      target.suspicion().data(now);
    }
  }

  /// A turn of the worker begins, `gap` after the one before.
  void turned(long gap, long now) {
    if (target != null) {
      target.suspicion().turned(gap, now);
      if (port.blocked()) {
        // Its answers wait behind data that our own guest does not take.
        target.deaf(now);
      }
    }
  }

  /// `frame`, whose EtherType is CFM, is of our continuity check.
  boolean claims(Frame frame) {
    return mep != null && mep.claims(frame);
  }

  /// The shortest rhythm of its checks, [Long#MAX_VALUE] with none.
  long rhythmNanos() {
    long a = mep == null ? Long.MAX_VALUE : mep.beat().everyNanos();
    long b = target == null ? Long.MAX_VALUE : target.beat().everyNanos();
    return Math.min(a, b);
  }

  /// The worker stood still: that time counts for nobody.
  void stalled(long gap, long extra, long now) {
    if (mep != null) {
      mep.stalled(gap, extra, now);
    }
    if (target != null) {
      target.beat().stalled(extra);
    }
    heldAt += extra;
  }

  /// Judges the member and moves its state.
  ///
  /// @param company another member is up
  void judge(boolean company, long now) {
    link = port.link();
    if (!link.up()) {
      unhealthy(Reason.CARRIER, 0);
      local = false;
      move(MemberState.Event.CARRIER_LOST, now);
      return;
    }
    if (state == MemberState.DOWN) {
      if (mep != null) {
        mep.reset(now);
      }
      if (target != null) {
        target.reset(now);
      }
      move(MemberState.Event.CARRIER_FOUND, now);
    }
    local = continuity(now);
    boolean healthy = target(now) && local;
    if (state == MemberState.PROBING && company) {
      hold = hold.newcomer();
    }
    move(healthy ? MemberState.Event.HEALTHY : MemberState.Event.UNHEALTHY, now);
    if (state == MemberState.HOLDING && now >= heldAt) {
      move(MemberState.Event.HELD, now);
    }
  }

  private boolean continuity(long now) {
    if (mep == null) {
      return true;
    }
    long silence = mep.beat().silence(now);
    if (drained && mep.beat().lost(now)) {
      // The far end must learn at once that we do not hear it.
      mep.beat().sendAt(now);
    }
    Mep.Verdict verdict = mep.verdict(now);
    silent = verdict == Mep.Verdict.LOST || verdict == Mep.Verdict.REMOTE_DEFECT;
    return switch (verdict) {
      case HEALTHY -> true;
      case UNHEARD, LOST -> unhealthy(Reason.CONTINUITY, silence);
      case REMOTE_DEFECT -> unhealthy(Reason.REMOTE_DEFECT, 0);
      case PEER_DOWN -> unhealthy(Reason.UPLINK_DOWN, 0);
    };
  }

  private boolean target(long now) {
    if (target == null) {
      return true;
    }
    long silence = target.beat().silence(now);
    if (drained) {
      target.look(now);
    }
    return target.beat().hearing() || (local && unhealthy(Reason.TARGET, silence));
  }

  private boolean unhealthy(Reason reason, long silence) {
    // The first reason counts: what follows while it is out is no news, unless it was still of some
    // use.
    boolean healthy = state == MemberState.UP || state == MemberState.HOLDING;
    if (healthy || (local && reason != Reason.TARGET)) {
      lastReason = reason;
      lastSilence = silence;
    }
    return false;
  }

  private void move(MemberState.Event event, long now) {
    MemberState from = state;
    state = from.on(event);
    if (state == from) {
      return;
    }
    if (from == MemberState.UP) {
      failures++;
      hold = hold.afterFailure(now - upSince);
    }
    if (state == MemberState.HOLDING) {
      heldAt = now + hold.nanos();
    } else if (state == MemberState.UP) {
      upSince = now;
    }
  }

  /// What the choice sees.
  Fitness fitness() {
    Fitness judged = judged();
    if (!draining) {
      return judged;
    }
    return switch (judged) {
      case UP, HOLDING -> Fitness.DRAINING;
      case DOUBTFUL -> Fitness.DRAINING_DOUBTFUL;
      default -> Fitness.DEAD;
    };
  }

  private Fitness judged() {
    return switch (state) {
      case UP -> Fitness.UP;
      case HOLDING -> Fitness.HOLDING;
      case PROBING -> local ? Fitness.DOUBTFUL : silent ? Fitness.SILENT : Fitness.DEAD;
      case DOWN -> Fitness.DEAD;
    };
  }

  /// Sends the probes that are due.
  ///
  /// @param aggregation what LACP has to say
  void probe(Aggregation aggregation, long now) {
    if (state == MemberState.DOWN) {
      return;
    }
    if (aggregation.due(this, now)) {
      Frame frame = take();
      aggregation.write(this, frame, now);
      if (frame != null) {
        give(frame);
      }
    }
    if (mep != null && mep.beat().due(now)) {
      Frame frame = take();
      if (frame != null) {
        mep.write(frame, probeMac, true, now);
        give(frame);
      } else {
        mep.beat().sent(now);
      }
    }
    if (target != null && target.due(now)) {
      Frame frame = take();
      if (frame != null) {
        target.write(frame, now);
        give(frame);
      } else {
        target.beat().sent(now);
      }
      target.suspicion().asked(now);
    }
  }

  private @Nullable Frame take() {
    Frame frame = frames.take();
    if (frame == null) {
      counters.noControlFrame.add(1);
    }
    return frame;
  }

  private void give(Frame frame) {
    one[0] = frame;
    port.send(one, 1);
    counters.controlSent.add(1);
  }

  /// When [#judge] or [#probe] has something to do with no frame coming.
  long deadline(long now) {
    if (state == MemberState.DOWN) {
      return Long.MAX_VALUE;
    }
    long at = state == MemberState.HOLDING ? heldAt : Long.MAX_VALUE;
    if (mep != null) {
      at = Math.min(at, mep.beat().nextSend());
      // Not drained: the frames that wait wake us, not the clock.
      at = drained ? Math.min(at, mep.changesAt(now)) : at;
    }
    if (target != null) {
      at = Math.min(at, target.beat().nextSend());
      at = drained ? Math.min(at, target.changesAt(now)) : at;
    }
    return at;
  }

  /// `frame`, taken back from the device, is a probe of this member and for no other. Data may
  /// carry the member's address, too ([TransmitBalance]).
  boolean probed(Frame frame) {
    boolean ours = Wire.type(frame) != 0 && frame.mac(Wire.SOURCE) == probeMac;
    return ours && !Wire.unicastIp(frame);
  }

  /// The bond has no more use for it.
  void close() {
    gone = true;
    inUse = false;
    frames.close();
  }

  /// @param gap silence after which no flow comes back to a drained member
  MemberStatus status(boolean active, long gap, long now) {
    return new MemberStatus(
        name(),
        state,
        fitness(),
        active,
        inUse,
        port.link(),
        config.distance(),
        config.priority(),
        out.load().rate(now),
        out.load().flows(now),
        port.pending(),
        draining,
        draining && empty(gap, now),
        failures,
        hold.nanos(),
        mep == null ? 0 : mep.missed(),
        mep == null ? 0 : mep.beat().silence(now));
  }
}
