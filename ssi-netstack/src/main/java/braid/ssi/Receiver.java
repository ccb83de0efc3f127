package braid.ssi;

import braid.port.Frame;
import java.util.List;

/// The way into a bond: frames of all members, less those that are for a check and those that the
/// network sent more than once.
///
/// | frame | active member | another in use | not in use |
/// |---|---|---|---|
/// | from a local host, or of a probe | dropped: it comes back to its sender | | |
/// | unicast to a local host | taken | taken, if the mode does | taken for a grace time |
/// | other | taken | dropped: a copy that the network flooded | dropped |
/// | any, if the switch treats the members as one link | taken | taken | dropped |
final class Receiver {
  private final List<Member> members;
  private final Crew crew;
  private final Aggregation aggregation;
  private final LocalAddresses hosts;
  private final Counters counters;
  private final Frame[] batch = new Frame[Limits.BATCH];
  private boolean onAll;
  private boolean aggregated;
  private boolean lacp;
  private long graceNanos;
  private long changedAt;
  private boolean news;
  private int first;

  Receiver(
      List<Member> members,
      Crew crew,
      Aggregation aggregation,
      LocalAddresses hosts,
      Counters counters) {
    this.members = members;
    this.crew = crew;
    this.aggregation = aggregation;
    this.hosts = hosts;
    this.counters = counters;
  }

  /// Other rules from now on.
  void configure(BondConfig config, long now) {
    BondMode mode = config.mode();
    onAll = mode.receivesOnAll();
    lacp = mode == BondMode.LACP;
    aggregated = onAll && config.balance().lag();
    graceNanos = config.announce().graceNanos();
    changedAt = now;
  }

  /// Others carry frames from now on; the network needs a moment to follow.
  void changed(long now) {
    changedAt = now;
  }

  /// Whether a check was told something since the last call.
  boolean news() {
    boolean learned = news;
    news = false;
    return learned;
  }

  /// Takes up to `max` frames for the host.
  int receive(Frame[] into, int max, long now) {
    int count = 0;
    int size = members.size();
    int share = Math.max(Limits.BACKUP_BATCH, max / Math.max(1, crew.size()));
    first = first + 1 < size ? first + 1 : 0;
    for (int i = 0; i < size; i++) {
      Member member = members.get(first + i < size ? first + i : first + i - size);
      if (!crew.isActive(member)) {
        int most = onAll && member.inUse() ? share : Limits.BACKUP_BATCH;
        count = take(member, into, count, Math.min(most, max - count), now);
      }
    }
    Member active = crew.activeOrNull();
    if (active != null) {
      count = take(active, into, count, Math.min(Limits.BATCH, max - count), now);
    }
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
    int got = member.port().receive(batch, Math.min(batch.length, Math.max(0, most)));
    member.drained(got < most);
    int before = count;
    for (int i = 0; i < got; i++) {
      Frame frame = batch[i];
      if (goesUp(member, frame, now)) {
        into[count++] = frame;
      } else {
        frame.release();
      }
    }
    if (count > before) {
      member.data(now);
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
    if (checked(member, frame, type, now)) {
      news = true;
      return false;
    }
    if (foreign(frame)) {
      counters.dropOwn.add(1);
      return false;
    }
    if (takesAll(member) || (takesUnicast(member, now) && toUs(frame))) {
      return true;
    }
    counters.dropInactive.add(1);
    return false;
  }

  private boolean checked(Member member, Frame frame, int type, long now) {
    if (!lacp || type != Wire.TYPE_SLOW) {
      return member.takes(frame, type, now);
    }
    Lacp.Heard heard = aggregation.heard(member, frame, now);
    counters.controlReceived.add(heard == Lacp.Heard.OTHER ? 0 : 1);
    counters.controlWrong.add(heard == Lacp.Heard.WRONG ? 1 : 0);
    return heard != Lacp.Heard.OTHER;
  }

  private boolean takesAll(Member member) {
    if (lacp) {
      return aggregation.collects(member);
    }
    return crew.isActive(member) || (aggregated && member.inUse());
  }

  private boolean takesUnicast(Member member, long now) {
    return (onAll && member.inUse()) || now - changedAt < graceNanos;
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
}
