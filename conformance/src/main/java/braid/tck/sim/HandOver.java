package braid.tck.sim;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;

/// The border between a bond and one of its members: writes down what passes.
final class HandOver implements Port {
  private final Port member;
  private final Account account;
  private final int nic;
  private long controlFrames;

  HandOver(Port member, Account account, Nic nic) {
    this.member = member;
    this.account = account;
    this.nic = nic.index();
  }

  @Override
  public void send(Frame[] frames, int count) {
    for (int i = 0; i < count; i++) {
      int number = Frames.number(frames[i], account.stream());
      if (number == Frames.NONE) {
        controlFrames++;
      } else {
        account.handed(number, nic);
      }
    }
    member.send(frames, count);
  }

  @Override
  public int recall(Frame[] into, int max) {
    int count = member.recall(into, max);
    for (int i = 0; i < count; i++) {
      int number = Frames.number(into[i], account.stream());
      if (number != Frames.NONE) {
        account.recalled(number);
      }
    }
    return count;
  }

  /// Probes, announcements and the guest's own ARP so far.
  long controlFrames() {
    return controlFrames;
  }

  @Override
  public String name() {
    return member.name();
  }

  @Override
  public int receive(Frame[] into, int max) {
    return member.receive(into, max);
  }

  @Override
  public int room() {
    return member.room();
  }

  @Override
  public void flush() {
    member.flush();
  }

  @Override
  public LinkState link() {
    return member.link();
  }

  @Override
  public boolean arm() {
    return member.arm();
  }

  @Override
  public long deadline() {
    return member.deadline();
  }

  @Override
  public int pending() {
    return member.pending();
  }

  @Override
  public boolean blocked() {
    return member.blocked();
  }

  @Override
  public PortCounters counters() {
    return member.counters();
  }
}
