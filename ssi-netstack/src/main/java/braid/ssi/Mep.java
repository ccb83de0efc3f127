package braid.ssi;

import braid.port.Frame;

/// One end of a continuity check (a maintenance end point): what it hears, what it says. No I/O;
/// time is an argument.
///
/// "Remote defect indication" (RDI) is the peer's word that it does not hear us. It is believed
/// only after we ourselves have sent without a pause for as long as the peer takes to notice loss:
/// after our own pause the first messages in the queue complain of that pause.
final class Mep {
  /// What this end concludes.
  enum Verdict {
    /// Both directions work and the peer's interface is up.
    HEALTHY,
    /// Nothing was heard since the start.
    UNHEARD,
    /// The peer fell silent.
    LOST,
    /// The peer says that it does not hear us.
    REMOTE_DEFECT,
    /// The peer says that its own interface is down.
    PEER_DOWN
  }

  private final Continuity config;
  private final Maid maid;
  private final Heartbeat beat;
  private CcmInterval interval;
  private boolean everHeard;
  private boolean peerRdi;
  private boolean defect;
  private int peerStatus;
  private int peerSequence;
  private long missed;
  private int sequence;
  private long sendingSince;

  Mep(Continuity config) {
    this.config = config;
    this.maid = new Maid(config.maid());
    this.interval = config.interval();
    this.beat = new Heartbeat(interval.nanos(), interval.lossNanos());
  }

  Heartbeat beat() {
    return beat;
  }

  /// `frame`, whose EtherType is CFM, belongs to this check: it must not pass as data.
  boolean claims(Frame frame) {
    return Ccm.of(frame, maid, config.level());
  }

  /// Starts anew: nothing heard.
  void reset(long now) {
    beat.reset(now);
    everHeard = false;
    peerRdi = false;
    defect = false;
    peerStatus = Ccm.STATUS_ABSENT;
    sendingSince = now;
  }

  /// Takes a message that this check [#claims].
  ///
  /// @param follow the peer sets the interval
  /// @return false when the message is wrong (our own number, another interval, bad TLVs)
  boolean heard(Frame frame, boolean follow, long now) {
    int code = Ccm.intervalCode(frame);
    int status = Ccm.interfaceStatus(frame);
    if (Ccm.mepId(frame) == config.mepId()
        || !CcmInterval.known(code)
        || status == Ccm.STATUS_MALFORMED
        || (!follow && code != interval.code())) {
      return false;
    }
    if (code != interval.code()) {
      interval = CcmInterval.of(code);
      beat.rhythm(interval.nanos(), interval.lossNanos());
    }
    int next = Ccm.sequence(frame);
    if (beat.hearing()) {
      missed += Math.max(0, next - peerSequence - 1);
    }
    peerSequence = next;
    peerRdi = Ccm.rdi(frame);
    defect &= peerRdi;
    peerStatus = status;
    everHeard = true;
    beat.heard(now);
    return true;
  }

  /// Messages that the peer numbered and that never came.
  long missed() {
    return missed;
  }

  /// The worker stood still.
  ///
  /// @param gap   since its last turn
  /// @param extra how much longer than it ought to have been
  void stalled(long gap, long extra, long now) {
    beat.stalled(extra);
    // Less than this the peer tolerates without noticing a loss.
    if (gap > interval.lossNanos() - interval.nanos()) {
      sendingSince = now;
    }
  }

  Verdict verdict(long now) {
    if (!beat.hearing()) {
      return everHeard ? Verdict.LOST : Verdict.UNHEARD;
    }
    if (peerStatus != Ccm.STATUS_ABSENT && peerStatus != Ccm.STATUS_UP) {
      return Verdict.PEER_DOWN;
    }
    // Once believed it stands until the peer takes it back.
    defect |= peerRdi && now >= believesAt();
    return defect ? Verdict.REMOTE_DEFECT : Verdict.HEALTHY;
  }

  /// From when on a remote defect is believed.
  private long believesAt() {
    return sendingSince + interval.lossNanos();
  }

  /// When [#verdict] may change with no message coming; [Long#MAX_VALUE] for never.
  long changesAt(long now) {
    long rdi = peerRdi && !defect && beat.hearing() ? believesAt() : Long.MAX_VALUE;
    return Math.min(beat.lossAt(), rdi);
  }

  /// Writes the next message.
  void write(Frame frame, long source, boolean interfaceUp, long now) {
    Ccm.write(frame, source, config, maid);
    // RDI is set while the peer, once heard, is silent; before that there is nobody to tell.
    boolean rdi = everHeard && !beat.hearing();
    int status = interfaceUp ? Ccm.STATUS_UP : Ccm.STATUS_DOWN;
    Ccm.stamp(frame, sequence++, interval, rdi, status);
    beat.sent(now);
  }
}
