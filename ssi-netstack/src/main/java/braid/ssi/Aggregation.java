package braid.ssi;

import braid.port.Frame;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Link aggregation as a bond sees it: in mode 802.3ad the machine ([Lacp]) and an end of it at
/// each member, in other modes nothing, and then nobody is kept from carrying frames.
final class Aggregation {
  private @Nullable Lacp machine;

  Aggregation() {}

  /// The mode, its settings or the members are others now.
  void configure(BondConfig config, List<Member> members, long now) {
    if (config.mode() != BondMode.LACP) {
      machine = null;
      members.forEach(member -> member.lacp(null));
      return;
    }
    if (members.isEmpty()) {
      return;
    }
    Lacp lacp = machine;
    if (lacp == null) {
      // As Linux does: the first member's address stands for the system.
      lacp = new Lacp(config.lacp(), members.getFirst().config().mac());
      machine = lacp;
    } else {
      lacp.reconfigure(config.lacp(), now);
    }
    for (Member member : members) {
      if (member.lacp() == null) {
        LacpPort end = lacp.add(member.name(), member.probeMac());
        member.lacp(end);
        lacp.link(end, member.port().link(), now);
      }
    }
  }

  void removed(Member member) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    if (lacp != null && end != null) {
      lacp.remove(end);
    }
  }

  /// Takes a frame of the slow protocols, which the caller still holds.
  Lacp.Heard heard(Member member, Frame frame, long now) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    return lacp == null || end == null ? Lacp.Heard.OTHER : lacp.heard(end, frame, now);
  }

  /// Frames from a member are to be taken.
  boolean collects(Member member) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    return lacp == null || (end != null && lacp.collecting(end));
  }

  /// Frames may be sent on a member.
  boolean distributes(Member member) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    return lacp == null || (end != null && lacp.distributing(end));
  }

  /// A member's carrier or speed changed.
  void link(Member member, long now) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    if (lacp != null && end != null) {
      lacp.link(end, member.port().link(), now);
    }
  }

  void stalled(long nanos) {
    Lacp lacp = machine;
    if (lacp != null) {
      lacp.stalled(nanos);
    }
  }

  /// Runs the machine.
  ///
  /// @return whether others collect or distribute than before
  boolean turn(long now) {
    Lacp lacp = machine;
    return lacp != null && lacp.turn(now);
  }

  /// A frame is to be sent on a member now.
  boolean due(Member member, long now) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    return lacp != null && end != null && lacp.due(end, now);
  }

  /// Writes the frame that is [#due].
  ///
  /// @param frame null when there is none to write into
  void write(Member member, @Nullable Frame frame, long now) {
    Lacp lacp = machine;
    LacpPort end = member.lacp();
    if (lacp == null || end == null) {
      throw new AssertionError("nothing is due");
    }
    if (frame == null) {
      lacp.missed(end, now);
    } else {
      lacp.write(end, frame, now);
    }
  }

  long deadline() {
    Lacp lacp = machine;
    return lacp == null ? Long.MAX_VALUE : lacp.deadline();
  }

  List<LacpStatus> status() {
    Lacp lacp = machine;
    return lacp == null ? List.of() : lacp.status();
  }
}
