package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Counter;
import braid.port.FaultyPort;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// A whole small network under virtual time: a host on a bond, one node per member, a learning
/// switch, a peer that answers ARP.
/// ```
/// host ─ Bond ─┬─ FaultyPort ─ pipe ─ MepPort(node 0) ─ pipe ─┐
///              └─ FaultyPort ─ pipe ─ MepPort(node 1) ─ pipe ─┴─ switch ─ peer 10.0.0.1
/// ```
final class Lab implements BondListener {
  static final long BOND = 0x0200_0000_00a0L;
  static final long PEER = 0x0200_0000_0bbbL;
  static final int PEER_IP = 0x0a00_0001;
  static final int HOST_IP = 0x0a00_0002;
  static final long MS = 1_000_000;

  /// One turn of the worker.
  static final long TURN = MS / 2;

  final SimClock clock = new SimClock(1_000_000_000);
  final Pools pools;
  final Random random;
  final Bond bond;
  final List<Node> nodes = new ArrayList<>();
  final List<ActiveChange> changes = new ArrayList<>();
  final List<Long> changeTimes = new ArrayList<>();
  final List<MemberLeft> departures = new ArrayList<>();

  /// What reached the host's kernel, and what reached the peer or was flooded past it.
  final List<byte[]> hostGot = new ArrayList<>();

  final List<byte[]> peerGot = new ArrayList<>();

  final Set<Integer> removed = new HashSet<>();
  boolean peerAnswers = true;
  int hostRoom = 64;
  private final Map<Long, Node> learned = new HashMap<>();
  private final Frame[] batch = new Frame[256];
  private int hostNumber;
  private int peerNumber;

  Lab(Pools pools, BondConfig config, int members, long seed) {
    this.pools = pools;
    this.random = new Random(seed);
    this.bond = new Bond("ssi0", LocalAddresses.of(BOND), config, pools.control, clock, this);
    for (int i = 0; i < members; i++) {
      add(0);
    }
  }

  /// One more node with its NIC.
  void add(int distance) {
    int i = nodes.size();
    nodes.add(new Node(i));
    bond.add(nodes.get(i).member, new MemberConfig("m" + i, 0x0200_0000_00a0L + i, 0, distance));
  }

  /// A node process with its one NIC.
  final class Node {
    final int index;
    final PipePort device;
    final FaultyPort member;
    final MepPort mep;
    final PipePort uplink;
    final FaultyPort nic;
    boolean running = true;

    Node(int index) {
      this.index = index;
      device = new PipePort("m" + index, "guest" + index, 256);
      member = new FaultyPort(device, random, pools.data);
      mep =
          new MepPort(
              device.far(), Continuity.NODE, 0x0200_0000_0f00L + index, pools.control, clock);
      uplink = new PipePort("nic" + index, "wire" + index, 1024);
      nic = new FaultyPort(uplink, random, pools.data);
      mep.uplink(LinkState.UP);
    }

    void pump() {
      if (running) {
        int count = mep.receive(batch, 64);
        nic.send(batch, count);
        count = nic.receive(batch, Math.min(64, mep.room()));
        mep.send(batch, count);
      }
    }

    /// The process dies; what the device holds stays.
    void kill() {
      running = false;
    }

    void restart() {
      for (int n = device.far().receive(batch, 256); n > 0; n = device.far().receive(batch, 256)) {
        release(n);
      }
      mep.sessionStarted();
      running = true;
      device.carrier(LinkState.UP);
    }

    /// Silence behind the node: frames vanish both ways, no carrier shows it.
    void blackhole(boolean on) {
      nic.inward(on ? FaultyPort.Faults.BLACKHOLE : FaultyPort.Faults.NONE);
      nic.outward(on ? FaultyPort.Faults.BLACKHOLE : FaultyPort.Faults.NONE);
    }
  }

  private void release(int count) {
    for (int i = 0; i < count; i++) {
      batch[i].release();
    }
  }

  void run(long nanos) {
    long end = clock.nanos() + nanos;
    while (clock.nanos() < end) {
      turn();
      clock.advance(TURN);
    }
  }

  /// One turn of everything.
  void turn() {
    int count = bond.receive(batch, hostRoom);
    for (int i = 0; i < count; i++) {
      hostGot.add(batch[i].toBytes());
    }
    release(count);
    bond.flush();
    for (Node node : nodes) {
      node.pump();
    }
    for (Node node : nodes) {
      wire(node);
    }
  }

  /// The switch: learns sources, forwards or floods.
  private void wire(Node from) {
    int count = from.uplink.far().receive(batch, 256);
    for (int i = 0; i < count; i++) {
      Frame frame = batch[i];
      byte[] bytes = frame.toBytes();
      learned.put(frame.mac(6), from);
      frame.release();
      forward(bytes, from);
    }
  }

  private void forward(byte[] bytes, Node from) {
    long destination = Packets.mac(bytes, 0);
    Node to = learned.get(destination);
    if (to != null) {
      if (to != from) {
        to.uplink.far().send(new Frame[] {pools.frame(bytes)}, 1);
      }
      return;
    }
    if (destination != PEER) {
      for (Node node : nodes) {
        if (node != from) {
          node.uplink.far().send(new Frame[] {pools.frame(bytes)}, 1);
        }
      }
    }
    if (from != null) {
      peer(bytes);
    }
  }

  private void peer(byte[] bytes) {
    peerGot.add(bytes);
    boolean asked =
        Packets.type(bytes) == 0x0806 && bytes[21] == 1 && Packets.int32(bytes, 38) == PEER_IP;
    if (asked && peerAnswers) {
      long asker = Packets.mac(bytes, 22);
      int askerIp = Packets.int32(bytes, 28);
      forward(Packets.arp(asker, 2, PEER, PEER_IP, asker, askerIp), null);
    }
    if (Packets.type(bytes) == 0x86dd && bytes[54] == (byte) 135 && peerAnswers) {
      forward(Packets.advertisement(Packets.mac(bytes, 6), PEER, bytes), null);
    }
  }

  void hostSends(byte[] bytes) {
    bond.send(new Frame[] {pools.frame(bytes)}, 1);
  }

  /// The host sends the next numbered frame to the peer.
  void hostSends() {
    hostSends(Packets.numbered(PEER, BOND, hostNumber++));
  }

  /// The host sends as many as the bond has room for, at most `count`.
  int hostSendsUpTo(int count) {
    int room = Math.min(count, bond.room());
    for (int i = 0; i < room; i++) {
      hostSends();
    }
    return room;
  }

  int hostSent() {
    return hostNumber;
  }

  int peerSent() {
    return peerNumber;
  }

  /// The peer sends the next numbered frame to the host.
  void peerSends() {
    forward(Packets.numbered(BOND, PEER, peerNumber++), null);
  }

  /// The peer sends a broadcast.
  void peerBroadcasts(int number) {
    forward(Packets.numbered(Wire.BROADCAST, PEER, number), null);
  }

  static List<Integer> numbers(List<byte[]> frames) {
    return frames.stream()
        .filter(f -> Packets.type(f) == Packets.TEST_TYPE)
        .map(Packets::number)
        .toList();
  }

  long counted(String name) {
    return bond.counters().all().stream()
        .filter(c -> c.name().equals(name))
        .mapToLong(Counter::get)
        .sum();
  }

  ActiveChange lastChange() {
    return changes.getLast();
  }

  MemberState state(int member) {
    return bond.members().get(member).state();
  }

  /// Everything in flight is released.
  void close() {
    for (Node node : nodes) {
      assertThat(bond.remove("m" + node.index)).isEqualTo(!removed.contains(node.index));
    }
    bond.close();
    for (Node node : nodes) {
      node.device.drain();
      node.uplink.drain();
    }
  }

  @Override
  public void memberLeft(MemberLeft left) {
    departures.add(left);
  }

  @Override
  public void activeChanged(ActiveChange change) {
    changes.add(change);
    changeTimes.add(clock.nanos());
  }
}
