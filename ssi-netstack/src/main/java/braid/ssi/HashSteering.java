package braid.ssi;

import braid.port.Frame;

/// The member that a hash of the headers names ([FlowHash]).
final class HashSteering implements Steering {
  private final HashPolicy policy;
  private final FlowHash hash = new FlowHash();

  HashSteering(HashPolicy policy) {
    this.policy = policy;
  }

  @Override
  public Member pick(Frame frame, Crew crew, long now) {
    return crew.get(FlowHash.member(hash.of(policy, frame), crew.size()));
  }
}
