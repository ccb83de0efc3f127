package braid.ssi;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.Port;
import org.jspecify.annotations.Nullable;

/// Tells the network after a switch where the host's addresses are now, several times: switches
/// relearn the port, neighbours refresh their tables.
///
/// | known of the host | what is sent |
/// |---|---|
/// | an IPv4 address | gratuitous ARP in request form: sender and target address the same |
/// | an IPv6 address | unsolicited neighbour advertisement to ff02::1, override flag set |
/// | no address of the bond's MAC | RARP request, which moves the MAC in the switches at least |
final class Announcer {
  private static final long ALL_NODES_MAC = 0x3333_0000_0001L;
  private static final int RARP_REQUEST = 3;

  private final LocalAddresses hosts;
  private final AddressTable addresses;
  private final FramePool pool;
  private final Counter sent;
  private final Counter noFrame;
  private final Frame[] one = new Frame[1];
  private BondConfig.Announce config;
  private int remaining;
  private long nextAt;

  Announcer(
      LocalAddresses hosts,
      BondConfig.Announce config,
      AddressTable addresses,
      FramePool pool,
      Counters counters) {
    this.hosts = hosts;
    this.config = config;
    this.addresses = addresses;
    this.pool = pool;
    this.sent = counters.announced;
    this.noFrame = counters.noControlFrame;
  }

  /// Another member is in use: begin at once.
  void restart(long now) {
    remaining = config.count();
    nextAt = now;
  }

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
    long bondMac = hosts.first();
    boolean bondKnown = bondMac == 0;
    for (int i = 0; i < addresses.size(); i++) {
      AddressTable.Entry entry = addresses.entry(i);
      bondKnown |= entry.mac == bondMac;
      Frame frame = take();
      if (frame == null) {
        return;
      }
      int at = entry.ipv6 ? advertisement(frame, entry) : gratuitousArp(frame, entry);
      assert at <= frame.headCapacity();
      give(port, frame);
    }
    if (!bondKnown) {
      Frame frame = take();
      if (frame != null) {
        rarp(frame, bondMac);
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

  private static void rarp(Frame frame, long bondMac) {
    Wire.ethernet(frame, Wire.SHORTEST_BYTES, Wire.BROADCAST, bondMac, Wire.TYPE_RARP);
    ArpProbe.fixed(frame, Wire.ETHERNET_BYTES, RARP_REQUEST);
    Wire.putMac(frame, ArpProbe.SENDER_MAC, bondMac);
    Wire.putMac(frame, ArpProbe.TARGET_MAC, bondMac);
  }
}
