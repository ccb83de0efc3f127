package braid.ssi;

import braid.port.Frame;

/// Everything on the active member.
final class OneMember implements Steering {
  @Override
  public Member pick(Frame frame, Crew crew, long now) {
    return crew.active();
  }
}
