package braid.ssi;

import braid.port.Frame;

/// Each member in turn for some frames in a row; one without room is passed over.
final class RoundRobin implements Steering {
  private final int framesPerMember;
  private int member;
  private int sent;
  private long random = 0x9e37_79b9_7f4a_7c15L;

  /// @param framesPerMember in a row on one member; 0 for one at random each time
  RoundRobin(int framesPerMember) {
    this.framesPerMember = framesPerMember;
  }

  @Override
  public Member pick(Frame frame, Crew crew, long now) {
    if (framesPerMember == 0) {
      member = (int) (next() % crew.size());
    } else if (sent >= framesPerMember || member >= crew.size()) {
      member = member + 1 < crew.size() ? member + 1 : 0;
      sent = 0;
    }
    for (int i = 0; i < crew.size() && crew.get(member).out().spare() <= 0; i++) {
      member = member + 1 < crew.size() ? member + 1 : 0;
      sent = 0;
    }
    sent++;
    return crew.get(member);
  }

  /// Not worth a source of randomness: it need not be unguessable (xorshift, Marsaglia 2003).
  private long next() {
    random ^= random << 13;
    random ^= random >>> 7;
    random ^= random << 17;
    return random >>> 1;
  }
}
