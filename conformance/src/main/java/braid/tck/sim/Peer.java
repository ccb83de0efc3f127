package braid.tck.sim;

import java.util.List;
import java.util.random.RandomGenerator;

/// A host out in the network: sends numbered frames to every guest, answers ARP.
final class Peer implements Lan.Plug {
  static final long MAC = 0x0200_00ff_ff01L;

  private static final long MS = 1_000_000;

  private final Timeline time;
  private final RandomGenerator random;
  private final Lan lan;
  private final List<Vm> guests;
  private final int[] sent;
  private final int port;
  private final int vlan;

  /// @param vlan of the guests, 0 for none
  Peer(Timeline time, RandomGenerator random, Lan lan, List<Vm> guests, int vlan) {
    this.vlan = vlan;
    this.time = time;
    this.random = random;
    this.lan = lan;
    this.guests = guests;
    this.sent = new int[guests.size()];
    this.port = lan.plug(this);
    time.after(50 * MS, this::beat);
  }

  private void beat() {
    for (int i = 0; i < sent.length; i++) {
      Vm guest = guests.get(i);
      int flow = random.nextInt(Plan.FLOWS);
      int stream = Plan.STREAM_IN + i;
      byte[] frame = Frames.numbered(guest.mac(), MAC, stream, flow, sent[i]++, 64);
      lan.send(vlan == 0 ? frame : Frames.tagged(frame, vlan), port);
    }
    time.after(MS + random.nextLong(2 * MS), this::beat);
  }

  /// How many frames went to a guest so far.
  int sent(int guest) {
    return sent[guest];
  }

  @Override
  public void arrives(byte[] frame) {
    boolean asked =
        Frames.type(frame) == Frames.TYPE_ARP
            && frame[21] == 1
            && Frames.int32(frame, 38) == Frames.ip(MAC);
    if (asked) {
      long asker = Frames.mac(frame, 22);
      int askerIp = Frames.int32(frame, 28);
      lan.send(Frames.arp(asker, 2, MAC, Frames.ip(MAC), asker, askerIp), port);
    }
  }
}
