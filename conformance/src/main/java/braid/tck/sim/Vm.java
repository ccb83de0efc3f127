package braid.tck.sim;

import java.util.BitSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A guest: outlives the node process that serves it. It sends numbered frames of some flows all
/// the time, and counts what comes from the network.
final class Vm {
  private static final long MS = 1_000_000;

  private final String name;
  private final long mac;
  private final Account account;
  private final Timeline time;
  private final RandomGenerator random;
  private final Plan plan;
  private final int incoming;
  private final BitSet got = new BitSet();
  private @Nullable VmPort port;

  /// The last that there was.
  private @Nullable VmPort last;
  private boolean busy;
  private int gotCount;

  /// @param account  of what it sends
  /// @param incoming stream of what is sent to it
  Vm(
      String name,
      long mac,
      Account account,
      int incoming,
      Timeline time,
      RandomGenerator random,
      Plan plan) {
    this.name = name;
    this.mac = mac;
    this.account = account;
    this.incoming = incoming;
    this.time = time;
    this.random = random;
    this.plan = plan;
    time.after(random.nextLong(MS), this::beat);
  }

  String name() {
    return name;
  }

  long mac() {
    return mac;
  }

  Account account() {
    return account;
  }

  /// A process serves it from now on, null for none.
  void port(@Nullable VmPort next) {
    port = next;
    last = next == null ? last : next;
  }

  /// It takes and sends nothing: its processors are elsewhere. Or it does again.
  void busy(boolean on) {
    busy = on;
    VmPort to = port;
    if (to != null && !on) {
      to.wake();
    }
  }

  boolean takes() {
    return !busy;
  }

  private void beat() {
    VmPort to = port;
    if (to != null && takes()) {
      int count = 1 + random.nextInt(plan.burst());
      for (int i = 0; i < count && to.offers(); i++) {
        int number = account.accepted() + to.ready();
        int flow = random.nextInt(Plan.FLOWS);
        int bytes = random.nextInt(10) == 0 ? 60 + random.nextInt(700) : 60 + random.nextInt(80);
        to.offer(Frames.numbered(Peer.MAC, mac, account.stream(), flow, number, bytes), flow);
      }
    }
    time.after(MS + random.nextLong(2 * MS), this::beat);
  }

  /// First words: so that the network and the bond know its addresses.
  byte[] hello() {
    return Frames.arp(Frames.ALL, 1, mac, Frames.ip(mac), 0, Frames.ip(Peer.MAC));
  }

  /// A frame comes to it.
  void receives(byte[] frame) {
    int number = Frames.number(frame, incoming);
    if (number == Frames.NONE) {
      int type = Frames.type(frame);
      if (type != Frames.TYPE_IPV4 && type != Frames.TYPE_ARP && type != Frames.TYPE_RARP) {
        throw new Violation("guest " + name + " got a frame of type " + Integer.toHexString(type));
      }
      return;
    }
    if (got.get(number) && !plan.doubling()) {
      throw new Violation("guest " + name + " got frame " + number + " twice");
    }
    gotCount++;
    got.set(number);
  }

  /// Frames that came from the network.
  int gotCount() {
    return gotCount;
  }

  /// All its buffers are back.
  void assertBalanced() {
    if (last != null && !last.balanced()) {
      throw new Violation("buffers of guest " + name + " are missing");
    }
  }

  /// It got every number from `first` up to `end`, exclusive.
  void assertGot(int first, int end) {
    int missing = got.nextClearBit(first);
    if (missing < end) {
      throw new Violation(
          "guest %s did not get frame %d of %d to %d though all was well"
              .formatted(name, missing, first, end));
    }
  }
}
