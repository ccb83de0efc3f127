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

/// A Port made of Ports: sends on one member or on many ([BondMode]), listens on all, and moves to
/// others what a member that fails was carrying.
///
/// **Theory of operation.** Everything happens in [#receive], which a cable calls each turn, room
/// or not: first frames are taken from all members ([Receiver]); what belongs to a check is kept,
/// the rest goes up or is dropped. Then, if a timer is due or something was learned, each member is
/// judged ([Member]), the choice is made, probes and announcements go out. Frames come before
/// timers, so a late turn does not make a dead path of a living one; and time in which the worker
/// itself stood still is not counted (Heartbeat).
///
/// **The choice.** Members in use (the [Crew]) are all of those that are fittest, or in mode
/// active-backup one of these; in mode 802.3ad those that LACP lets distribute. One of them is the
/// active member: what must not come or go twice comes and goes there.
///
/// **Failover.** When a member in use is found dead, frames that it accepted and has not completed
/// are taken back ([Port#recall]) and go, in their order, the way that new frames go
/// ([Sender]), before any newer frame; then the hosts' addresses are announced. Until the failure
/// is noticed frames go on to the old member: they are among those taken back. What others carry is
/// not touched, but that the modes that hash spread it anew, as Linux does. With no member left
/// frames are dropped and counted.
///
/// **Draining.** A member told to drain gets no new flows; those on it leave at their next gap, or
/// after a second without one. It carries frames again only when no other is healthy and it is,
/// or no other of any use.
///
/// **Addresses.** The hosts behind the bond use their own MACs on every member. Probes go out from
/// an address of the member's own, never a host's.
///
/// **Never**: no probe, no answer to one, no continuity message goes up to the host, and none that
/// the host makes goes out. No allocation per frame.
public final class Bond implements Port, AutoCloseable {
  private final String name;
  private final LocalAddresses hosts;
  private final FramePool control;
  private final Clock clock;
  private final BondListener listener;
  private final Counters counters = new Counters();
  private final List<Member> members = new ArrayList<>();
  private final Crew crew = new Crew();
  private final Aggregation aggregation = new Aggregation();
  private final Election election = new Election(members, crew, aggregation);
  private final Sender sender;
  private final Receiver receiver;
  private final Announcer announcer;
  private final List<Member> left = new ArrayList<>();
  private BondConfig config;
  private long lastTurn;
  private long wakeAt = Long.MIN_VALUE;
  private boolean news = true;
  private boolean choiceDue = true;

  /// A bond without members.
  ///
  /// @param name     for logs and metrics
  /// @param hosts    the addresses behind it
  /// @param config   how it behaves
  /// @param control  frames for probes (8 for each member), announcements (up to 160 at once) and,
  ///                 in mode broadcast, copies (128); at least 136 bytes each
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
    this.config = config;
    this.control = control;
    this.clock = clock;
    this.listener = listener;
    Learned learned = new Learned();
    this.announcer = new Announcer(hosts, config.announce(), learned, control, counters);
    this.sender = new Sender(members, crew, learned, control, counters);
    this.lastTurn = clock.nanos();
    this.receiver = new Receiver(members, crew, aggregation, hosts, counters);
    sender.configure(config);
    receiver.configure(config, lastTurn);
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
    members.add(new Member(freeSlot(), port, member, config.health(), probeMac, counters, control));
    aggregation.configure(config, members, clock.nanos());
    news = true;
    choiceDue = true;
  }

  private int freeSlot() {
    long taken = 0;
    for (Member member : members) {
      taken |= 1L << member.slot();
    }
    return Long.numberOfTrailingZeros(~taken);
  }

  /// Takes a member out; before its port is closed, so that its frames can be sent elsewhere.
  ///
  /// @return false when there is none of this name
  public boolean remove(String memberName) {
    Member member = find(memberName);
    if (member == null) {
      return false;
    }
    boolean carried = member.inUse();
    members.remove(member);
    member.close();
    election.unpin(member);
    aggregation.removed(member);
    choiceDue = true;
    long now = clock.nanos();
    if (carried) {
      left.add(member);
      choose(now, Reason.REMOVED);
    }
    sender.resend(member, now);
    sender.left(member);
    return true;
  }

  /// Takes every member out and gives the control frames back; they come as soon as no device holds
  /// any.
  @Override
  public void close() {
    while (!members.isEmpty()) {
      boolean _ = remove(members.getLast().name());
    }
    sender.close();
  }

  /// The operator's choice of the active member: used as long as it is healthy, whatever its rank.
  ///
  /// @param memberName empty takes the choice back: the bond chooses by its own rules again
  /// @return false when there is no such member or it is not healthy
  public boolean setActive(String memberName) {
    if (memberName.isEmpty()) {
      election.pin(null);
      choose(clock.nanos(), Reason.FAIL_BACK);
      return true;
    }
    Member member = find(memberName);
    if (member == null || member.linkChanged() || !member.fitness().healthy()) {
      return false;
    }
    election.pin(member);
    choose(clock.nanos(), Reason.MANUAL);
    return true;
  }

  /// How it behaves now.
  public BondConfig config() {
    return config;
  }

  /// Behaves otherwise from now on. Members, frames and what was learned stay; in modes that know
  /// flows these stay where they are when the mode does. A member that is fit stays so until a
  /// check that is new has had its time.
  ///
  /// @throws IllegalArgumentException when the control pool is too small for mode broadcast;
  ///     nothing has changed then
  public void reconfigure(BondConfig next) {
    long now = clock.nanos();
    sender.configure(next);
    config = next;
    for (Member member : members) {
      member.reconfigure(next.health(), now);
    }
    aggregation.configure(next, members, now);
    receiver.configure(next, now);
    announcer.reconfigure(next.announce());
    news = true;
    choose(now, Reason.RECONFIGURED);
  }

  /// Moves traffic off a member: no new flows go there, those on it leave at their next gap, at the
  /// latest after a second. It is used again only when no other is healthy and it is, or when there
  /// is no other of any use.
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
    long now = clock.nanos();
    member.draining(on, now);
    election.unpin(member);
    choose(now, on ? Reason.DRAINED : Reason.FAIL_BACK);
    return true;
  }

  /// A member that was told to [#drain] carries nothing, no flow will come back to it, and its
  /// device holds none of our frames: it can be taken away without loss.
  public boolean drained(String memberName) {
    Member member = find(memberName);
    return member != null
        && member.draining()
        && member.empty(config.balance().flowletGapNanos(), clock.nanos());
  }

  private @Nullable Member find(String memberName) {
    for (Member member : members) {
      if (member.name().equals(memberName)) {
        return member;
      }
    }
    return null;
  }

  /// All members as they are now, in the order they were added.
  public List<MemberStatus> members() {
    long now = clock.nanos();
    long gap = config.balance().flowletGapNanos();
    return members.stream().map(member -> member.status(crew.isActive(member), gap, now)).toList();
  }

  /// What LACP says of each member; empty in other modes than 802.3ad.
  public List<LacpStatus> aggregation() {
    return aggregation.status();
  }

  /// Name of the active member, [ActiveChange#NONE] when there is none.
  public String activeMember() {
    return named(crew.activeOrNull());
  }

  private static String named(@Nullable Member member) {
    return member == null ? ActiveChange.NONE : member.name();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int receive(Frame[] into, int max) {
    long now = clock.nanos();
    stallCheck(now);
    int count = receiver.receive(into, max, now);
    turn(now);
    sender.turn(now);
    return count;
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
      // After the above: what could not be heard until now is not late as well.
      member.turned(gap, now);
    }
    if (late) {
      aggregation.stalled(gap);
    }
    counters.stalls.add(late ? 1 : 0);
  }

  /// Judges, chooses, probes, announces; only when something was learned or is due.
  private void turn(long now) {
    for (int i = 0; i < members.size(); i++) {
      choiceDue |= members.get(i).linkChanged();
    }
    news |= receiver.news();
    news |= choiceDue;
    if (!news && now < wakeAt) {
      return;
    }
    news = false;
    judge(now);
    if (choiceDue) {
      choiceDue = false;
      choose(now, Reason.FAIL_BACK);
    }
    for (int i = 0; i < members.size(); i++) {
      members.get(i).probe(aggregation, now);
    }
    Member active = crew.activeOrNull();
    if (active != null && now >= announcer.dueAt()) {
      announcer.send(active.port(), now);
    }
    wakeAt = nextTimer(now);
  }

  private boolean anyUp() {
    boolean up = false;
    for (int i = 0; i < members.size(); i++) {
      up |= members.get(i).state() == MemberState.UP;
    }
    return up;
  }

  private void judge(long now) {
    boolean company = anyUp();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      MemberState from = member.state();
      Fitness before = member.fitness();
      if (member.linkChanged()) {
        aggregation.link(member, now);
      }
      member.judge(company, now);
      choiceDue |= member.fitness() != before;
      if (member.state() != from) {
        listener.memberChanged(member.name(), from, member.state());
      }
    }
    choiceDue |= aggregation.turn(now);
  }

  private long nextTimer(long now) {
    long at = crew.size() == 0 ? Long.MAX_VALUE : announcer.dueAt();
    at = Math.min(at, aggregation.deadline());
    for (int i = 0; i < members.size(); i++) {
      at = Math.min(at, members.get(i).deadline(now));
    }
    return at;
  }

  /// Makes the choice anew: who is active, who is in use, and what follows from a change.
  ///
  /// @param otherwise the reason if the member concerned has not failed
  private void choose(long now, Reason otherwise) {
    Member old = crew.activeOrNull();
    Member next = election.winner(config.choice());
    Fitness best = next == null ? Fitness.DEAD : next.fitness();
    for (Member member : members) {
      best = election.eligible(member).compareTo(best) < 0 ? member.fitness() : best;
    }
    for (Member member : members) {
      boolean spreads = config.mode().balances() && election.eligible(member) == best;
      boolean use = member == next || (spreads && best != Fitness.DEAD);
      if (member.inUse() && !use) {
        left.add(member);
      }
      member.inUse(use);
    }
    boolean changed = crew.set(members, next);
    crew.speeds(config.mode() == BondMode.BROADCAST);
    if (changed || next != old) {
      settle(old, next, otherwise, now);
    }
    left.clear();
  }

  /// Frames of members that died go elsewhere; the network and the listener are told.
  private void settle(@Nullable Member old, @Nullable Member next, Reason otherwise, long now) {
    receiver.changed(now);
    Tally all = new Tally();
    for (Member member : left) {
      Tally tally = next == null || member.healthy() ? new Tally() : sender.resend(member, now);
      all.add(tally);
      if (config.mode().balances()) {
        boolean failed = member.failed(otherwise);
        listener.memberLeft(
            new MemberLeft(
                member.name(),
                failed ? member.lastReason() : otherwise,
                failed ? member.lastSilence() : 0,
                tally.resent,
                tally.dropped));
      }
    }
    if (next != null) {
      for (Member member : members) {
        if (!member.inUse() && !member.healthy()) {
          all.add(sender.resend(member, now));
        }
      }
      if (next != old || !left.isEmpty()) {
        announcer.restart(now);
      }
    }
    if (next != old) {
      counters.switches.add(1);
      listener.activeChanged(change(old, next, otherwise, all));
    }
  }

  private static ActiveChange change(
      @Nullable Member old, @Nullable Member next, Reason otherwise, Tally tally) {
    boolean failed = old != null && old.failed(otherwise);
    Reason reason = old == null ? Reason.FIRST : failed ? old.lastReason() : otherwise;
    long silence = old == null || !failed ? 0 : old.lastSilence();
    return new ActiveChange(named(old), named(next), reason, silence, tally.resent, tally.dropped);
  }

  @Override
  public void send(Frame[] frames, int count) {
    sender.send(frames, count, clock.nanos());
  }

  /// Room of the member that has most, but for a few slots that control frames need. A flow whose
  /// own member is full loses what its port drops and counts.
  @Override
  public int room() {
    return sender.room();
  }

  @Override
  public void flush() {
    for (int i = 0; i < members.size(); i++) {
      members.get(i).port().flush();
    }
  }

  /// Up while a member is in use; its speed is the sum of those in use, in mode broadcast the
  /// lowest.
  @Override
  public LinkState link() {
    return crew.link();
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
    long at = Math.min(nextTimer(clock.nanos()), sender.deadline());
    for (int i = 0; i < members.size(); i++) {
      at = Math.min(at, members.get(i).port().deadline());
    }
    return at;
  }

  @Override
  public int pending() {
    int sum = sender.pending();
    for (int i = 0; i < members.size(); i++) {
      sum += members.get(i).port().pending();
    }
    return sum;
  }

  @Override
  public PortCounters counters() {
    return counters.port;
  }

  @Override
  public String toString() {
    return "Bond[" + name + ", " + config.mode() + " → " + activeMember() + "]";
  }
}
