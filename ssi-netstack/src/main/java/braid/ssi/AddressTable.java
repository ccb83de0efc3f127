package braid.ssi;

import braid.port.Frame;

/// The addresses that the host behind the bond has shown in ARP and IPv6 neighbour discovery: what
/// is announced after a switch.
///
/// Only those protocols are read, because they state ownership. The source address of other
/// packets does not: behind a host that routes it is somebody else's.
///
/// The table has a fixed size; when it is full, the entry learned longest ago gives way.
final class AddressTable {
  /// One address of the host. Reused.
  static final class Entry {
    long mac;

    /// VLAN identifier, -1 for untagged.
    int vlan;

    boolean ipv6;

    /// IPv6: the first 8 bytes. IPv4: 0.
    long high;

    /// IPv6: the last 8 bytes. IPv4: the address in the low 32 bits.
    long low;

    /// IPv6: it said that it is a router, and an announcement must not take that back (RFC 4861
    /// 7.2.5).
    boolean router;

    private boolean is(long mac, int vlan, boolean ipv6, long high, long low) {
      return this.low == low
          && this.high == high
          && this.ipv6 == ipv6
          && this.vlan == vlan
          && this.mac == mac;
    }
  }

  private final Entry[] entries;
  private int size;
  private int oldest;

  AddressTable(int capacity) {
    entries = new Entry[capacity];
    for (int i = 0; i < capacity; i++) {
      entries[i] = new Entry();
    }
  }

  int size() {
    return size;
  }

  Entry entry(int i) {
    return entries[i];
  }

  /// Reads a frame that the host sends; `type` is its EtherType.
  void learn(Frame frame, int type) {
    int at = Wire.ETHERNET_BYTES;
    int vlan = -1;
    if (type == Wire.TYPE_VLAN && frame.headLength() >= at + Wire.TAG_BYTES) {
      vlan = frame.u16(at) & 0xfff;
      type = frame.u16(at + 2);
      at += Wire.TAG_BYTES;
    }
    if (type == Wire.TYPE_ARP) {
      learnArp(frame, at, vlan);
    } else if (type == Wire.TYPE_IPV6) {
      learnNeighbourDiscovery(frame, at, vlan);
    }
  }

  private void learnArp(Frame frame, int at, int vlan) {
    if (frame.headLength() < at + 28 || frame.i32(at + 14) == 0) {
      return;
    }
    long mac = frame.mac(Wire.SOURCE);
    if (frame.mac(at + 8) == mac) {
      put(mac, vlan, false, 0, frame.i32(at + 14) & 0xffff_ffffL);
    }
  }

  private void learnNeighbourDiscovery(Frame frame, int at, int vlan) {
    int type = NeighbourDiscovery.type(frame, at);
    boolean advertised = type == NeighbourDiscovery.ADVERTISEMENT;
    if (!advertised
        && type != NeighbourDiscovery.SOLICITATION
        && type != NeighbourDiscovery.ROUTER_ADVERTISEMENT) {
      return;
    }
    int address = at + (advertised ? NeighbourDiscovery.TARGET : NeighbourDiscovery.SOURCE);
    long high = Wire.get64(frame, address);
    long low = Wire.get64(frame, address + 8);
    if (high == 0 && low == 0) {
      return; // duplicate address detection: not the host's yet
    }
    Entry entry = put(frame.mac(Wire.SOURCE), vlan, true, high, low);
    if (advertised) {
      int flags = frame.u8(at + NeighbourDiscovery.FLAGS);
      entry.router = (flags & NeighbourDiscovery.FLAG_ROUTER) != 0;
    } else if (type == NeighbourDiscovery.ROUTER_ADVERTISEMENT) {
      entry.router = true;
    }
  }

  private Entry put(long mac, int vlan, boolean ipv6, long high, long low) {
    for (int i = 0; i < size; i++) {
      if (entries[i].is(mac, vlan, ipv6, high, low)) {
        return entries[i];
      }
    }
    Entry entry;
    if (size < entries.length) {
      entry = entries[size++];
    } else {
      entry = entries[oldest];
      oldest = oldest + 1 == entries.length ? 0 : oldest + 1;
    }
    entry.mac = mac;
    entry.vlan = vlan;
    entry.ipv6 = ipv6;
    entry.high = high;
    entry.low = low;
    entry.router = false;
    return entry;
  }
}
