package braid.ssi;

import braid.port.Frame;
import braid.port.FramePool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The way out of a bond: what the host sends goes to the members that the [Steering] picks, each
/// of which gets its frames of a batch in one call; what a dead member gives back goes the same
/// way, before anything newer.
final class Sender {
  private final List<Member> members;
  private final Crew crew;
  private final Counters counters;
  private final FramePool control;
  private final Learned learned;
  private final Frame[] batch = new Frame[Limits.BATCH];
  private BondMode mode = BondMode.ACTIVE_BACKUP;
  private Steering steering = new OneMember();
  private @Nullable Copies copies;
  private final Backlog backlog = new Backlog();

  Sender(List<Member> members, Crew crew, Learned learned, FramePool control, Counters counters) {
    this.members = members;
    this.crew = crew;
    this.learned = learned;
    this.control = control;
    this.counters = counters;
  }

  /// Sends in another way from now on. In modes that know flows these stay where they are if the
  /// mode does.
  ///
  /// @throws IllegalArgumentException when the control pool is too small; nothing has changed then
  void configure(BondConfig config) {
    boolean same = config.mode() == mode;
    if (config.mode() != BondMode.BROADCAST) {
      closeCopies();
    } else if (copies == null) {
      copies = new Copies(control, Limits.COPIES);
    }
    mode = config.mode();
    BondConfig.Balance balance = config.balance();
    if (same && steering instanceof Flowlets flowlets) {
      flowlets.reconfigure(balance);
    } else if (same && steering instanceof TransmitBalance transmit) {
      transmit.reconfigure(balance);
    } else {
      steering = steering(mode, balance);
    }
  }

  private static Steering steering(BondMode mode, BondConfig.Balance balance) {
    return switch (mode) {
      // Broadcast: for the frames of which no copies can be made.
      case ACTIVE_BACKUP, BROADCAST -> new OneMember();
      case BALANCE_RR -> new RoundRobin(balance.framesPerMember());
      case BALANCE_XOR, LACP -> new HashSteering(balance.hashPolicy());
      case BALANCE_TLB -> new TransmitBalance(balance);
      case FLOWLET -> new Flowlets(balance, true);
    };
  }

  private void closeCopies() {
    Copies former = copies;
    copies = null;
    if (former != null) {
      former.close();
    }
  }

  /// Gives back what it borrowed of the control pool, and drops what waits.
  void close() {
    closeCopies();
    counters.dropResend.add(backlog.drop());
  }

  /// A member is no more.
  void left(Member member) {
    steering.left(member);
  }

  /// Takes them all; see [braid.port.Port#send].
  void send(Frame[] frames, int count, long now) {
    turn(now);
    begin();
    int sent = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      int type = Wire.type(frame);
      if (control(frame, type)) {
        counters.dropControl.add(1);
        frame.release();
        continue;
      }
      learned.from(frame, type);
      if (crew.size() == 0) {
        counters.dropNoMember.add(1);
        frame.release();
        continue;
      }
      sent++;
      bytes += frame.length();
      if (backlog.size() == 0) {
        route(frame, now);
      } else if (!backlog.append(frame)) {
        counters.dropResend.add(1);
        frame.release();
      }
    }
    post();
    counters.port.txFrames.add(sent);
    counters.port.txBytes.add(bytes);
  }

  /// Of a protocol that the bond itself speaks to the node or the switch: the host must not.
  private boolean control(Frame frame, int type) {
    if (type == Wire.TYPE_SLOW) {
      return mode == BondMode.LACP;
    }
    return type == Wire.TYPE_CFM && crew.size() > 0 && crew.get(0).claims(frame);
  }

  private void route(Frame frame, long now) {
    Copies made = copies;
    if (made != null && crew.size() > 1) {
      if (made.send(frame, crew, now)) {
        return;
      }
      counters.dropNoCopy.add(crew.size() - 1);
    }
    steering.pick(frame, crew, now).out().queue(frame, now);
  }

  private void begin() {
    for (int i = 0; i < members.size(); i++) {
      members.get(i).out().begin();
    }
  }

  private void post() {
    for (int i = 0; i < members.size(); i++) {
      members.get(i).out().post();
    }
  }

  /// Takes back what `dead` has not completed and sends it on others; but its probes, which speak
  /// of itself alone, and copies, of which the others have theirs. What they have no room for yet
  /// waits, and holds back the host ([#room]).
  Tally resend(Member dead, long now) {
    Tally tally = new Tally();
    backlog.begin(now);
    int got = dead.port().recall(batch, batch.length);
    while (got > 0) {
      for (int i = 0; i < got; i++) {
        resend(batch[i], dead, tally);
      }
      got = dead.port().recall(batch, batch.length);
    }
    while (dead.out().held() > 0) {
      resend(dead.out().takeHeld(), dead, tally);
    }
    backlog.end();
    turn(now);
    counters.resent.add(tally.resent);
    counters.dropResend.add(tally.dropped);
    return tally;
  }

  private void resend(Frame frame, Member dead, Tally tally) {
    Copies made = copies;
    if (dead.probed(frame) || (made != null && made.owns(frame))) {
      frame.release();
    } else if (backlog.insert(frame)) {
      tally.resent++;
    } else {
      tally.dropped++;
      frame.release();
    }
  }

  /// Sends what waits, since a member died or has had no room, as far as there is room now. What a
  /// dead member left and nobody takes for too long is dropped.
  void turn(long now) {
    if (backlog.size() == 0 && held() == 0) {
      return;
    }
    begin();
    while (backlog.size() > 0 && crew.size() > 0) {
      Frame frame = backlog.first();
      Member member = steering.pick(frame, crew, now);
      if (member.out().spare() <= Limits.CONTROL_ROOM) {
        break;
      }
      backlog.removeFirst(now);
      member.out().queue(frame, now);
    }
    post();
    if (now >= backlog.deadline()) {
      counters.dropResend.add(backlog.drop());
    }
  }

  private int held() {
    int sum = 0;
    for (int i = 0; i < members.size(); i++) {
      sum += members.get(i).out().held();
    }
    return sum;
  }

  /// When [#turn] has something to do whatever happens.
  long deadline() {
    return backlog.deadline();
  }

  /// Frames that wait here.
  int pending() {
    return backlog.size() + held();
  }

  /// Frames that can be taken: as many as the member with most room takes. With nobody to carry
  /// them there is room: frames are dropped and counted rather than kept until they are old.
  int room() {
    if (backlog.size() > 0) {
      return 0;
    }
    return crew.size() == 0 ? Limits.BATCH : Math.max(0, crew.room() - Limits.CONTROL_ROOM);
  }
}
