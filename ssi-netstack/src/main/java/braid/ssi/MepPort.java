package braid.ssi;

import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;

/// The node's end of a guest's continuity check: wraps the guest's port.
///
/// It is passive. It says nothing until a message of the association came from the guest in this
/// session, so a stock guest never sees one; from then on it sends at the guest's interval, with
/// the state of the node's uplink in each message and a message at once when that changes. When the
/// guest falls silent it says so (RDI), and after a hundred intervals, or as soon as the guest's
/// port has no link (the session ended, the driver was reset), it is passive again.
///
/// Messages of the association never cross: those from the guest end here, and those that come from
/// the uplink, where nobody of ours can be, are dropped before the guest could believe them. Other
/// fault management frames are data.
///
/// **Thread**: the worker of the wrapped port; [#uplink] and [#sessionStarted] by command.
public final class MepPort implements Port {
  /// Intervals of silence after which the guest is taken to have no continuity check any more.
  private static final int PASSIVE_INTERVALS = 100;

  private final Port guest;
  private final long mac;
  private final FramePool control;
  private final Clock clock;
  private final Mep mep;
  private final Frame[] one = new Frame[1];
  private final Counter received;
  private final Counter sent;
  private final Counter wrong;
  private final Counter dropForeign;
  private final Counter noFrame;
  private boolean speaking;
  private boolean drained = true;
  private boolean uplinkUp;
  private long lastTurn;

  /// Wraps `guest`; the uplink counts as down until [#uplink] says otherwise.
  ///
  /// @param guest   the guest's port; its counters are shared
  /// @param config  association, level and own number; the interval is the guest's
  /// @param mac     source address of the messages
  /// @param control frames for messages, at least 128 bytes each; a few serve
  /// @param clock   the worker's time
  public MepPort(Port guest, Continuity config, long mac, FramePool control, Clock clock) {
    Macs.check(mac);
    this.guest = guest;
    this.mac = mac;
    this.control = control;
    this.clock = clock;
    this.mep = new Mep(config);
    PortCounters counters = guest.counters();
    this.received = counters.counter("control_rx");
    this.sent = counters.counter("control_tx");
    this.wrong = counters.counter("control_rx_wrong");
    this.dropForeign = counters.counter("tx_drop_control");
    this.noFrame = counters.counter("control_no_frame");
    this.lastTurn = clock.nanos();
    mep.reset(lastTurn);
  }

  /// The node's NIC is up or down: the guest learns it with the next flush.
  public void uplink(LinkState state) {
    if (uplinkUp != state.up()) {
      uplinkUp = state.up();
      long now = clock.nanos();
      mep.beat().sendAt(now);
      beat(now);
    }
  }

  /// A new session began: whatever was heard came from another guest. Needed only where the port
  /// keeps its link from one session to the next.
  public void sessionStarted() {
    speaking = false;
    mep.reset(clock.nanos());
  }

  /// The guest runs a continuity check and is answered.
  public boolean speaking() {
    return speaking;
  }

  @Override
  public String name() {
    return guest.name();
  }

  @Override
  public int receive(Frame[] into, int max) {
    long now = clock.nanos();
    stallCheck(now);
    int got = guest.receive(into, max);
    drained = got < max;
    int kept = 0;
    for (int i = 0; i < got; i++) {
      Frame frame = into[i];
      if (Wire.type(frame) == Wire.TYPE_CFM && mep.claims(frame)) {
        hear(frame, now);
        frame.release();
      } else {
        into[kept++] = frame;
      }
    }
    beat(now);
    return kept;
  }

  private void hear(Frame frame, long now) {
    received.add(1);
    boolean changed = !mep.beat().hearing();
    if (!mep.heard(frame, true, now)) {
      wrong.add(1);
      return;
    }
    speaking = true;
    if (changed) {
      mep.beat().sendAt(now);
    }
  }

  private void stallCheck(long now) {
    long gap = now - lastTurn;
    lastTurn = now;
    long rhythm = mep.beat().everyNanos();
    if (gap > rhythm) {
      mep.stalled(gap, gap - rhythm, now);
    }
  }

  private void beat(long now) {
    if (!speaking) {
      return;
    }
    if (!guest.link().up()) {
      sessionStarted();
      return;
    }
    if (drained && mep.beat().lost(now)) {
      mep.beat().sendAt(now);
    }
    if (mep.beat().silence(now) >= PASSIVE_INTERVALS * mep.beat().everyNanos()) {
      sessionStarted();
      return;
    }
    if (mep.beat().due(now)) {
      Frame frame = control.take();
      if (frame == null) {
        noFrame.add(1);
        mep.beat().sent(now);
        return;
      }
      mep.write(frame, mac, uplinkUp, now);
      one[0] = frame;
      guest.send(one, 1);
      sent.add(1);
    }
  }

  @Override
  public void send(Frame[] frames, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      if (Wire.type(frame) == Wire.TYPE_CFM && mep.claims(frame)) {
        dropForeign.add(1);
        frame.release();
      } else {
        frames[kept++] = frame;
      }
    }
    if (kept > 0) {
      guest.send(frames, kept);
    }
  }

  /// The guest's room, but for a few slots while messages need them: a guest flooded with data must
  /// not take the flood for a dead node.
  @Override
  public int room() {
    return speaking ? Math.max(0, guest.room() - Limits.CONTROL_ROOM) : guest.room();
  }

  @Override
  public void flush() {
    guest.flush();
  }

  @Override
  public LinkState link() {
    return guest.link();
  }

  @Override
  public boolean arm() {
    return guest.arm();
  }

  @Override
  public long deadline() {
    long at = guest.deadline();
    if (speaking && guest.link().up()) {
      at = Math.min(at, mep.beat().nextSend());
      at = drained ? Math.min(at, mep.beat().lossAt()) : at;
    }
    return at;
  }

  @Override
  public int recall(Frame[] into, int max) {
    return guest.recall(into, max);
  }

  @Override
  public int pending() {
    return guest.pending();
  }

  @Override
  public PortCounters counters() {
    return guest.counters();
  }
}
