package braid.ssi;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.Port;
import org.jspecify.annotations.Nullable;

/// Tells the network after a switch where the hosts' addresses are now, several times: switches
/// relearn the port, neighbours refresh their tables.
///
/// | known of a host | what is sent |
/// |---|---|
/// | an IPv4 address | gratuitous ARP in request form: sender and target address the same |
/// | an IPv6 address | unsolicited neighbour advertisement to ff02::1, override flag set |
/// | its MAC alone | RARP request, which moves the MAC in the switches at least |
/// | a multicast group that it joined | an IGMP or MLD report, once |
///
/// A host that is no longer behind the bond is not announced: it may be behind another.
final class Announcer {
  private static final long ALL_NODES_MAC = 0x3333_0000_0001L;
  private static final int RARP_REQUEST = 3;

  private final LocalAddresses hosts;
  private final Learned learned;
  private final FramePool pool;
  private final Counter sent;
  private final Counter noFrame;
  private final Frame[] one = new Frame[1];
  private BondConfig.Announce config;
  private int remaining;
  private long nextAt;
  private boolean joinDue;

  Announcer(
      LocalAddresses hosts,
      BondConfig.Announce config,
      Learned learned,
      FramePool pool,
      Counters counters) {
    this.hosts = hosts;
    this.config = config;
    this.learned = learned;
    this.pool = pool;
    this.sent = counters.announced;
    this.noFrame = counters.noControlFrame;
  }

  /// Another member is in use: begin at once.
  void restart(long now) {
    remaining = config.count();
    joinDue = true;
    nextAt = now;
  }

  /// Other numbers from now on.
  void reconfigure(BondConfig.Announce next) {
    config = next;
    remaining = Math.min(remaining, next.count());
  }

  long dueAt() {
    return remaining > 0 ? nextAt : Long.MAX_VALUE;
  }

  /// Sends one round into `port`.
  void send(Port port, long now) {
    remaining--;
    nextAt = now + config.intervalNanos();
    boolean enough = addresses(port) && macs(port);
    if (enough && joinDue) {
      joinDue = false;
      groups(port);
    }
  }

  private boolean addresses(Port port) {
    for (int i = 0; i < learned.addresses.size(); i++) {
      AddressTable.Entry entry = learned.addresses.entry(i);
      if (!hosts.contains(entry.mac)) {
        continue;
      }
      Frame frame = take();
      if (frame == null) {
        return false;
      }
      int at = entry.ipv6 ? advertisement(frame, entry) : gratuitousArp(frame, entry);
      assert at <= frame.headCapacity();
      give(port, frame);
    }
    return true;
  }

  private boolean macs(Port port) {
    long first = hosts.first();
    if (first != 0 && !learned.hosts.contains(first) && !mac(port, first)) {
      return false;
    }
    for (int i = 0; i < learned.hosts.size(); i++) {
      long mac = learned.hosts.mac(i);
      if (hosts.contains(mac) && !mac(port, mac)) {
        return false;
      }
    }
    return true;
  }

  private boolean mac(Port port, long mac) {
    for (int i = 0; i < learned.addresses.size(); i++) {
      if (learned.addresses.entry(i).mac == mac) {
        return true;
      }
    }
    Frame frame = take();
    if (frame == null) {
      return false;
    }
    rarp(frame, mac);
    give(port, frame);
    return true;
  }

  private void groups(Port port) {
    for (int i = 0; i < learned.groups.size(); i++) {
      GroupTable.Entry entry = learned.groups.entry(i);
      Frame frame = hosts.contains(entry.mac) ? take() : null;
      if (frame != null) {
        GroupReport.write(frame, entry);
        give(port, frame);
      }
    }
  }

  private @Nullable Frame take() {
    Frame frame = pool.take();
    if (frame == null) {
      noFrame.add(1);
    }
    return frame;
  }

  private void give(Port port, Frame frame) {
    one[0] = frame;
    port.send(one, 1);
    sent.add(1);
  }

  /// Starts a frame, with a VLAN tag where the address lives in one.
  ///
  /// @return offset after the Ethernet header
  private static int begin(
      Frame frame, AddressTable.Entry entry, int bytes, long destination, int type) {
    if (entry.vlan < 0) {
      Wire.ethernet(frame, bytes, destination, entry.mac, type);
      return Wire.ETHERNET_BYTES;
    }
    Wire.ethernet(frame, bytes + Wire.TAG_BYTES, destination, entry.mac, Wire.TYPE_VLAN);
    Wire.put16(frame, Wire.ETHERNET_BYTES, entry.vlan);
    Wire.put16(frame, Wire.ETHERNET_BYTES + 2, type);
    return Wire.ETHERNET_BYTES + Wire.TAG_BYTES;
  }

  private static int gratuitousArp(Frame frame, AddressTable.Entry entry) {
    int at = begin(frame, entry, Wire.SHORTEST_BYTES, Wire.BROADCAST, Wire.TYPE_ARP);
    ArpProbe.fixed(frame, at, ArpProbe.REQUEST);
    Wire.putMac(frame, at + 8, entry.mac);
    Wire.put32(frame, at + 14, (int) entry.low);
    Wire.put32(frame, at + 24, (int) entry.low);
    return at + 28;
  }

  /// RFC 4861 4.4: unsolicited, to all nodes, from the address itself.
  private static int advertisement(Frame frame, AddressTable.Entry entry) {
    int bytes = Wire.ETHERNET_BYTES + NeighbourDiscovery.BYTES;
    int at = begin(frame, entry, bytes, ALL_NODES_MAC, Wire.TYPE_IPV6);
    NeighbourDiscovery.address(frame, at + NeighbourDiscovery.SOURCE, entry.high, entry.low);
    NeighbourDiscovery.address(
        frame, at + NeighbourDiscovery.DESTINATION, NeighbourDiscovery.MULTICAST_HIGH, 1);
    NeighbourDiscovery.address(frame, at + NeighbourDiscovery.TARGET, entry.high, entry.low);
    int flags =
        NeighbourDiscovery.FLAG_OVERRIDE | (entry.router ? NeighbourDiscovery.FLAG_ROUTER : 0);
    NeighbourDiscovery.finish(frame, at, NeighbourDiscovery.ADVERTISEMENT, flags, entry.mac);
    return at + NeighbourDiscovery.BYTES;
  }

  private static void rarp(Frame frame, long mac) {
    Wire.ethernet(frame, Wire.SHORTEST_BYTES, Wire.BROADCAST, mac, Wire.TYPE_RARP);
    ArpProbe.fixed(frame, Wire.ETHERNET_BYTES, RARP_REQUEST);
    Wire.putMac(frame, ArpProbe.SENDER_MAC, mac);
    Wire.putMac(frame, ArpProbe.TARGET_MAC, mac);
  }
}
