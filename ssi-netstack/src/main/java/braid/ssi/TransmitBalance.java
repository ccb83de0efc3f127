package braid.ssi;

import braid.port.Frame;

/// balance-tlb: unicast IP leaves on the least loaded member, chosen for each flow; the rest, and
/// what tells the network where the hosts are, on the active one.
///
/// A frame that leaves elsewhere carries that member's MAC as its source, so that the switch goes
/// on sending everything for the hosts to the active member. Peers do not mind: IP neighbours are
/// known by ARP, which this leaves alone, and neighbour discovery, whose option names the host.
final class TransmitBalance implements Steering {
  private final Flowlets flowlets;

  TransmitBalance(BondConfig.Balance config) {
    flowlets = new Flowlets(config, false);
  }

  void reconfigure(BondConfig.Balance next) {
    flowlets.reconfigure(next);
  }

  @Override
  public void left(Member member) {
    flowlets.left(member);
  }

  @Override
  public Member pick(Frame frame, Crew crew, long now) {
    if (!Wire.unicastIp(frame)) {
      return crew.active();
    }
    Member member = flowlets.pick(frame, crew, now);
    if (!crew.isActive(member)) {
      Wire.putMac(frame, Wire.SOURCE, member.config().mac());
    }
    return member;
  }
}
