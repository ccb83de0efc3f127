package braid.ssi;

import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Port made of Ports: sends on one member, listens on all, and moves to another when the one in
/// use fails (active-backup).
///
/// **Theory of operation.** Everything happens in [#receive], which a cable calls each turn, room
/// or not: first frames are taken from the backups, then from the active member; what belongs to a
/// check is kept, the rest goes up or is dropped. Then, if a timer is due or something was learned,
/// each member is judged, the choice is made, probes and announcements go out. Frames come before
/// timers, so a late turn does not make a dead path of a living one; and time in which the worker
/// itself stood still is not counted (Heartbeat).
///
/// **Failover.** When the active member is found dead, the next one is chosen; frames that the dead
/// one accepted and has not completed are taken back ([Port#recall]) and sent on the new one before
/// any newer frame; then the host's addresses are announced. Until the failure is noticed frames go
/// on to the old member: they are among those taken back. With no member left frames are dropped
/// and counted.
///
/// **Receiving.** Frames from members not in use are copies that the network flooded, and are
/// dropped; but for a grace time after a switch, unicast frames to the bond's own MAC are taken
/// from any member, since the network needs a moment to follow. Frames that come back to their
/// sender (our own broadcasts, flooded to another member) are dropped.
///
/// **Address.** The bond has one MAC, which its host uses on every member. Probes go out from an
/// address of the member's own, never the bond's.
///
/// **Never**: no probe, no answer to one, no continuity message goes up to the host, and none that
/// the host makes goes out. No allocation per frame.
public final class Bond implements Port {
  private final String name;
  private final LocalAddresses hosts;
  private final FramePool control;
  private final Clock clock;
  private final BondListener listener;
  private final Counters counters = new Counters();
  private final List<Member> members = new ArrayList<>();
  private final AddressTable addresses = new AddressTable(Limits.ADDRESSES);
  private final Announcer announcer;
  private final Frame[] batch = new Frame[Limits.BATCH];
  private @Nullable Member active;
  private @Nullable Member pinned;
  private BondConfig config;
  private long switchedAt;
  private long lastTurn;
  private long wakeAt = Long.MIN_VALUE;
  private boolean news = true;
  private boolean choiceDue = true;

  /// A bond without members.
  ///
  /// @param name     for logs and metrics
  /// @param hosts    the addresses behind it
  /// @param config   how it behaves
  /// @param control  frames for probes (8 for each member) and announcements (up to 64 at once), at
  ///                 least 128 bytes each
  /// @param clock    the worker's time
  /// @param listener hears of changes, on the worker
  public Bond(
      String name,
      LocalAddresses hosts,
      BondConfig config,
      FramePool control,
      Clock clock,
      BondListener listener) {
    this.name = name;
    this.hosts = hosts;
    this.config = supported(config);
    this.control = control;
    this.clock = clock;
    this.listener = listener;
    this.announcer = new Announcer(hosts, config.announce(), addresses, control, counters);
    this.lastTurn = clock.nanos();
  }

  /// Adds a member. It carries traffic as soon as its checks succeed.
  ///
  /// @throws IllegalArgumentException when the name or a MAC is taken, the bond is full, or the
  ///     control pool too small
  public void add(Port port, MemberConfig member) {
    long probeMac = Macs.probe(member.mac(), hosts);
    for (Member other : members) {
      if (other.name().equals(member.name())) {
        throw new IllegalArgumentException("two members are named " + member.name());
      }
      if (other.probeMac() == probeMac) {
        throw new IllegalArgumentException(
            "members " + other.name() + " and " + member.name() + " have the same MAC");
      }
    }
    if (members.size() == Limits.MEMBERS) {
      throw new IllegalArgumentException("a bond has at most " + Limits.MEMBERS + " members");
    }
    Member added = new Member(port, member, config.health(), probeMac, counters, control);
    members.add(added);
    news = true;
    choiceDue = true;
  }

  /// Takes a member out; before its port is closed, so that its frames can be sent elsewhere.
  ///
  /// @return false when there is none of this name
  public boolean remove(String memberName) {
    Member member = find(memberName);
    if (member == null) {
      return false;
    }
    members.remove(member);
    pinned = pinned == member ? null : pinned;
    choiceDue = true;
    long now = clock.nanos();
    if (active == member) {
      choose(now, Reason.REMOVED);
    }
    recall(member, new Tally());
    member.close();
    return true;
  }

  /// The operator's choice: used as long as it is healthy, whatever its rank.
  ///
  /// @param memberName empty takes the choice back: the bond chooses by its own rules again
  /// @return false when there is no such member or it is not healthy
  public boolean setActive(String memberName) {
    if (memberName.isEmpty()) {
      pinned = null;
      choose(clock.nanos(), Reason.FAIL_BACK);
      return true;
    }
    Member member = find(memberName);
    if (member == null
        || member.linkChanged()
        || member.fitness().compareTo(ActiveBackup.Fitness.HOLDING) > 0) {
      return false;
    }
    pinned = member;
    choose(clock.nanos(), Reason.MANUAL);
    return true;
  }

  private static BondConfig supported(BondConfig config) {
    if (config.mode() != BondMode.ACTIVE_BACKUP) {
      throw new IllegalArgumentException("mode " + config.mode() + " is not built yet");
    }
    return config;
  }

  private @Nullable Member find(String memberName) {
    for (Member member : members) {
      if (member.name().equals(memberName)) {
        return member;
      }
    }
    return null;
  }

  /// All members as they are now.
  public List<MemberStatus> members() {
    long now = clock.nanos();
    return members.stream().map(member -> member.status(member == active, now)).toList();
  }

  /// Name of the member in use, [ActiveChange#NONE] when there is none.
  public String activeMember() {
    return active == null ? ActiveChange.NONE : active.name();
  }

  /// How it behaves now.
  public BondConfig config() {
    return config;
  }

  /// Behaves otherwise from now on. Members, frames and what was learned stay.
  ///
  /// @throws IllegalArgumentException when the control pool is too small for other monitors;
  ///     nothing has changed then
  public void reconfigure(BondConfig next) {
    BondConfig checked = supported(next);
    for (Member member : members) {
      member.reconfigure(checked.health(), clock.nanos());
    }
    config = checked;
    announcer.reconfigure(checked.announce());
    news = true;
    choiceDue = true;
  }

  /// Sends nothing more on a member, unless there is no other of any use.
  ///
  /// @return false when there is none of this name
  public boolean drain(String memberName) {
    return draining(memberName, true);
  }

  /// Takes [#drain] back.
  ///
  /// @return false when there is none of this name
  public boolean undrain(String memberName) {
    return draining(memberName, false);
  }

  private boolean draining(String memberName, boolean on) {
    Member member = find(memberName);
    if (member == null) {
      return false;
    }
    member.draining(on);
    pinned = pinned == member ? null : pinned;
    choose(clock.nanos(), on ? Reason.DRAINED : Reason.FAIL_BACK);
    return true;
  }

  /// A member that was told to [#drain] carries nothing and its device holds none of our frames.
  public boolean drained(String memberName) {
    Member member = find(memberName);
    return member != null && member.draining() && member != active && member.port().pending() == 0;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int receive(Frame[] into, int max) {
    long now = clock.nanos();
    stallCheck(now);
    int count = 0;
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      if (member != active) {
        count = take(member, into, count, Math.min(Limits.BACKUP_BATCH, max - count), now);
      }
    }
    if (active != null) {
      count = take(active, into, count, Math.min(Limits.BATCH, max - count), now);
    }
    turn(now);
    count(into, count);
    return count;
  }

  private void count(Frame[] into, int count) {
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      bytes += into[i].length();
    }
    counters.port.rxFrames.add(count);
    counters.port.rxBytes.add(bytes);
  }

  private int take(Member member, Frame[] into, int count, int most, long now) {
    // With no room a port still runs, for its timers and for what its device has finished.
    int got = member.port().receive(batch, Math.max(0, most));
    member.drained(got < most);
    for (int i = 0; i < got; i++) {
      Frame frame = batch[i];
      if (goesUp(member, frame, now)) {
        into[count++] = frame;
      } else {
        frame.release();
      }
    }
    return count;
  }

  /// Data for the host; everything else is counted by reason.
  private boolean goesUp(Member member, Frame frame, long now) {
    int type = Wire.type(frame);
    if (type == 0) {
      counters.dropShort.add(1);
      return false;
    }
    if (member.takes(frame, type, now)) {
      news = true;
      return false;
    }
    if (foreign(frame)) {
      counters.dropOwn.add(1);
      return false;
    }
    if (member == active || (now - switchedAt < config.announce().graceNanos() && toUs(frame))) {
      return true;
    }
    counters.dropInactive.add(1);
    return false;
  }

  private boolean toUs(Frame frame) {
    return hosts.contains(frame.mac(Wire.DESTINATION));
  }

  /// From an address of ours, or for one that only probes use: flooded back, never for the host.
  private boolean foreign(Frame frame) {
    long source = frame.mac(Wire.SOURCE);
    long destination = frame.mac(Wire.DESTINATION);
    if (hosts.contains(source)) {
      return true;
    }
    for (int i = 0; i < members.size(); i++) {
      long probe = members.get(i).probeMac();
      if (source == probe || destination == probe) {
        return true;
      }
    }
    return false;
  }

  private void stallCheck(long now) {
    long gap = now - lastTurn;
    lastTurn = now;
    boolean late = false;
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      long rhythm = member.rhythmNanos();
      if (gap > rhythm) {
        member.stalled(gap, gap - rhythm, now);
        news = true;
        late |= gap > 2 * rhythm;
      }
    }
    counters.stalls.add(late ? 1 : 0);
  }

  /// Judges, chooses, probes, announces; only when something was learned or is due.
  private void turn(long now) {
    for (int i = 0; i < members.size(); i++) {
      choiceDue |= members.get(i).linkChanged();
    }
    news |= choiceDue;
    if (!news && now < wakeAt) {
      return;
    }
    news = false;
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      MemberState from = member.state();
      ActiveBackup.Fitness before = member.fitness();
      member.judge(now);
      choiceDue |= member.fitness() != before;
      if (member.state() != from) {
        listener.memberChanged(member.name(), from, member.state());
      }
    }
    if (choiceDue) {
      choiceDue = false;
      choose(now, Reason.FAIL_BACK);
    }
    for (int i = 0; i < members.size(); i++) {
      members.get(i).probe(now);
    }
    if (active != null && now >= announcer.dueAt()) {
      announcer.send(active.port(), now);
    }
    wakeAt = nextTimer(now);
  }

  private long nextTimer(long now) {
    long at = active == null ? Long.MAX_VALUE : announcer.dueAt();
    for (int i = 0; i < members.size(); i++) {
      at = Math.min(at, members.get(i).deadline(now));
    }
    return at;
  }

  /// Makes the choice anew.
  ///
  /// @param otherwise the reason if the member in use has not failed
  private void choose(long now, Reason otherwise) {
    Member next = chosen();
    Member old = active;
    if (next == old) {
      return;
    }
    boolean failed = old != null && old.fitness().compareTo(ActiveBackup.Fitness.DOUBTFUL) >= 0;
    boolean told = otherwise == Reason.REMOVED || otherwise == Reason.MANUAL || !failed;
    Reason reason = old == null ? Reason.FIRST : told ? otherwise : old.lastReason();
    active = next;
    switchedAt = now;
    Tally tally = new Tally();
    if (next != null) {
      for (Member member : members) {
        if (member.fitness().compareTo(ActiveBackup.Fitness.DOUBTFUL) >= 0 && member != next) {
          recall(member, tally);
        }
      }
      if (reason == Reason.REMOVED && old != null) {
        recall(old, tally);
      }
      announcer.restart(now);
    }
    counters.switches.add(1);
    listener.activeChanged(
        new ActiveChange(
            old == null ? ActiveChange.NONE : old.name(),
            next == null ? ActiveChange.NONE : next.name(),
            reason,
            old == null || told ? 0 : old.lastSilence(),
            tally.resent,
            tally.dropped));
  }

  private @Nullable Member chosen() {
    if (pinned != null && pinned.fitness().compareTo(ActiveBackup.Fitness.HOLDING) <= 0) {
      return pinned;
    }
    pinned = null;
    List<ActiveBackup.Candidate> candidates = new ArrayList<>(members.size());
    for (Member member : members) {
      boolean primary = member.name().equals(config.choice().primary());
      long rank = primary ? Long.MAX_VALUE : member.config().rank();
      int speed = member.port().link().speedMbps();
      candidates.add(new ActiveBackup.Candidate(member.fitness(), rank, speed));
    }
    int current = active == null ? ActiveBackup.NONE : members.indexOf(active);
    int index = ActiveBackup.choose(candidates, current, config.choice().reselect());
    return index == ActiveBackup.NONE ? null : members.get(index);
  }

  /// What became of frames taken back.
  private static final class Tally {
    int resent;
    int dropped;
  }

  /// Takes back what `dead` has not completed and sends it on the active member; but its probes,
  /// which speak of itself alone.
  private void recall(Member dead, Tally tally) {
    for (int got = take(dead); got > 0; got = take(dead)) {
      int data = 0;
      for (int i = 0; i < got; i++) {
        Frame frame = batch[i];
        if (dead.probed(frame)) {
          frame.release();
        } else {
          batch[data++] = frame;
        }
      }
      int room = active == null ? 0 : Math.min(data, active.port().room());
      if (active != null && room > 0) {
        active.port().send(batch, room);
      }
      // The port may have shuffled what it took; what lies behind is still ours.
      for (int i = room; i < data; i++) {
        batch[i].release();
      }
      tally.resent += room;
      tally.dropped += data - room;
      counters.resent.add(room);
      counters.dropResend.add(data - room);
    }
  }

  private int take(Member dead) {
    return dead.port().recall(batch, batch.length);
  }

  @Override
  public void send(Frame[] frames, int count) {
    Member member = active;
    int kept = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      int type = Wire.type(frame);
      if (type == Wire.TYPE_ARP || type == Wire.TYPE_IPV6 || type == Wire.TYPE_VLAN) {
        addresses.learn(frame, type);
      } else if (type == Wire.TYPE_CFM && member != null && member.claims(frame)) {
        counters.dropControl.add(1);
        frame.release();
        continue;
      }
      if (member == null) {
        counters.dropNoMember.add(1);
        frame.release();
        continue;
      }
      bytes += frame.length();
      frames[kept++] = frame;
    }
    if (member != null && kept > 0) {
      member.port().send(frames, kept);
    }
    counters.port.txFrames.add(kept);
    counters.port.txBytes.add(bytes);
  }

  /// Room of the active member, but for a few slots that control frames need. With no member there
  /// is room: frames are dropped and counted rather than kept until they are old.
  @Override
  public int room() {
    return active == null ? Limits.BATCH : Math.max(0, active.port().room() - Limits.CONTROL_ROOM);
  }

  @Override
  public void flush() {
    for (int i = 0; i < members.size(); i++) {
      members.get(i).port().flush();
    }
  }

  /// Up while a member is in use, with its speed.
  @Override
  public LinkState link() {
    return active == null ? LinkState.DOWN : active.port().link();
  }

  @Override
  public boolean arm() {
    boolean waiting = false;
    for (int i = 0; i < members.size(); i++) {
      waiting |= members.get(i).port().arm();
    }
    return waiting;
  }

  @Override
  public long deadline() {
    long at = nextTimer(clock.nanos());
    for (int i = 0; i < members.size(); i++) {
      at = Math.min(at, members.get(i).port().deadline());
    }
    return at;
  }

  @Override
  public PortCounters counters() {
    return counters.port;
  }

  @Override
  public String toString() {
    return "Bond[" + name + " → " + activeMember() + "]";
  }
}
