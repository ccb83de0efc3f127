package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A bond whose members are pipes, watched by their carrier alone: what it sends on each can be
/// read, and nothing is sent but what a test sends and what the bond announces.
final class Rig implements BondListener {
  static final long HOST = Lab.BOND;
  static final long PEER = Lab.PEER;
  static final long MS = 1_000_000;

  /// Only the carrier, no announcements.
  static final BondConfig QUIET =
      BondConfig.DEFAULT
          .withMonitors(Carrier.ONLY)
          .withAnnouncements(0, 100 * MS)
          .withHold(0, 0, 0);

  final SimClock clock = new SimClock(1_000_000_000_000L);
  final Pools pools;
  final Bond bond;
  final List<PipePort> ports = new ArrayList<>();
  final List<ActiveChange> changes = new ArrayList<>();
  final List<MemberLeft> departures = new ArrayList<>();
  private final Frame[] batch = new Frame[64];
  private int number;

  Rig(Pools pools, BondConfig config, LinkState... links) {
    this(pools, LocalAddresses.of(HOST), config, links);
  }

  Rig(Pools pools, LocalAddresses hosts, BondConfig config, LinkState... links) {
    this.pools = pools;
    this.bond = new Bond("b", hosts, config, pools.control, clock, this);
    for (LinkState link : links) {
      add(link, 0);
    }
    turn();
  }

  /// Members of the same speed, all near.
  static Rig of(Pools pools, BondConfig config, int members) {
    LinkState[] links = new LinkState[members];
    java.util.Arrays.fill(links, new LinkState(true, 1000));
    return new Rig(pools, config, links);
  }

  PipePort add(LinkState link, int distance) {
    int i = ports.size();
    PipePort port = new PipePort("m" + i, "far" + i, 256);
    port.carrier(link);
    ports.add(port);
    bond.add(port, new MemberConfig("m" + i, 0x0200_0000_c000L + i, 0, distance));
    return port;
  }

  /// Lets the bond do what is due.
  List<byte[]> turn() {
    int count = bond.receive(batch, batch.length);
    List<byte[]> got = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      got.add(batch[i].toBytes());
      batch[i].release();
    }
    bond.flush();
    return got;
  }

  void pass(long nanos) {
    clock.advance(nanos);
    turn();
  }

  void send(byte[]... frames) {
    Frame[] all = new Frame[frames.length];
    for (int i = 0; i < frames.length; i++) {
      all[i] = pools.frame(frames[i]);
    }
    bond.send(all, all.length);
  }

  /// What the bond sent on a member and nobody took yet.
  List<byte[]> sent(int member) {
    List<byte[]> frames = new ArrayList<>();
    for (int n = ports.get(member).far().receive(batch, 64); n > 0; ) {
      for (int i = 0; i < n; i++) {
        frames.add(batch[i].toBytes());
        batch[i].release();
      }
      n = ports.get(member).far().receive(batch, 64);
    }
    return frames;
  }

  /// Sends one frame of a TCP flow and says on which member it went.
  int route(int flow) {
    return route(tcp(flow, 0x10, 100, number++));
  }

  int route(byte[] frame) {
    send(frame);
    int found = -1;
    for (int i = 0; i < ports.size(); i++) {
      int here = sent(i).size();
      assertThat(found >= 0 && here > 0).as("on two members").isFalse();
      found = here > 0 ? i : found;
    }
    return found;
  }

  /// A TCP frame of flow number `flow` to the peer, that carries a number.
  static byte[] tcp(int flow, int flags, int bytes, int number) {
    ByteBuffer frame = ByteBuffer.allocate(Math.max(60, bytes));
    Packets.mac(frame, PEER);
    Packets.mac(frame, HOST);
    frame.putShort((short) 0x0800).putShort((short) 0x4500).putShort((short) (bytes - 14));
    frame.putInt(0x4000).put((byte) 64).put((byte) 6).putShort((short) 0);
    frame.putInt(0x0a00_0002).putInt(0x0a00_0001);
    frame.putShort((short) (30_000 + flow)).putShort((short) 5201);
    frame.putInt(number).putInt(flow).put((byte) 0x50).put((byte) flags);
    return frame.array();
  }

  static int number(byte[] tcp) {
    return ByteBuffer.wrap(tcp).getInt(38);
  }

  static int flow(byte[] tcp) {
    return ByteBuffer.wrap(tcp).getInt(42);
  }

  /// A frame comes in on a member.
  List<byte[]> receive(int member, byte[] frame) {
    ports.get(member).far().send(new Frame[] {pools.frame(frame)}, 1);
    return turn();
  }

  void carrier(int member, boolean up) {
    int speed = ports.get(member).link().speedMbps();
    ports.get(member).carrier(new LinkState(up, up ? speed : 0));
    turn();
  }

  MemberStatus status(int member) {
    return bond.members().get(member);
  }

  long counted(String name) {
    return bond.counters().all().stream()
        .filter(c -> c.name().equals(name))
        .mapToLong(Counter::get)
        .sum();
  }

  /// Everything in flight is released.
  void close() {
    bond.close();
    ports.forEach(PipePort::drain);
  }

  @Override
  public void activeChanged(ActiveChange change) {
    changes.add(change);
  }

  @Override
  public void memberLeft(MemberLeft left) {
    departures.add(left);
  }
}
