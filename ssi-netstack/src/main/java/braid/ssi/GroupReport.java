package braid.ssi;

import braid.port.Frame;

/// Writes a report that joins one group anew, in the protocol in which the host joined it.
final class GroupReport {
  /// 224.0.0.22 and ff02::16: all routers that understand version 3 and 2.
  private static final int IGMP_V3_ROUTERS = 0xe000_0016;

  private static final long MLD_V2_ROUTERS_LOW = 0x16;

  private static final long IGMP_MAC = 0x0100_5e00_0000L;
  private static final long MLD_MAC = 0x3333_0000_0000L;

  private static final int IPV4_BYTES = 24;
  private static final int IPV6_BYTES = 48;

  private GroupReport() {}

  static void write(Frame frame, GroupTable.Entry entry) {
    if (entry.ipv6) {
      mld(frame, entry);
    } else {
      igmp(frame, entry);
    }
  }

  /// @return offset of the IP header
  private static int begin(Frame frame, GroupTable.Entry entry, int bytes, long mac, int type) {
    int tag = entry.vlan < 0 ? 0 : Wire.TAG_BYTES;
    int whole = Math.max(Wire.SHORTEST_BYTES, Wire.ETHERNET_BYTES + tag + bytes);
    Wire.ethernet(frame, whole, mac, entry.mac, tag == 0 ? type : Wire.TYPE_VLAN);
    if (tag != 0) {
      Wire.put16(frame, Wire.ETHERNET_BYTES, entry.vlan);
      Wire.put16(frame, Wire.ETHERNET_BYTES + 2, type);
    }
    return Wire.ETHERNET_BYTES + tag;
  }

  private static void igmp(Frame frame, GroupTable.Entry entry) {
    boolean records = entry.type == GroupTable.IGMP_V3_REPORT;
    int bytes = records ? 16 + (entry.sourced ? 4 : 0) : 8;
    int to = records ? IGMP_V3_ROUTERS : (int) entry.groupLow;
    long mac = IGMP_MAC | (to & 0x7f_ffff);
    int at = begin(frame, entry, IPV4_BYTES + bytes, mac, Wire.TYPE_IPV4);
    // Version 4, 6 words with the router alert option (RFC 2113), internetwork control, TTL 1.
    Wire.put16(frame, at, 0x46c0);
    Wire.put16(frame, at + 2, IPV4_BYTES + bytes);
    Wire.put16(frame, at + 6, 0x4000);
    Wire.put16(frame, at + 8, 0x0100 | GroupTable.IGMP);
    Wire.put32(frame, at + 12, (int) entry.hostLow);
    Wire.put32(frame, at + 16, to);
    Wire.put32(frame, at + 20, 0x9404_0000);
    Wire.put16(frame, at + 10, checksum(frame, at, IPV4_BYTES, 0));
    int message = at + IPV4_BYTES;
    Wire.put8(frame, message, entry.type);
    if (records) {
      record(frame, message, entry);
      Wire.put32(frame, message + 12, (int) entry.groupLow);
      if (entry.sourced) {
        Wire.put32(frame, message + 16, (int) entry.sourceLow);
      }
    } else {
      Wire.put32(frame, message + 4, (int) entry.groupLow);
    }
    Wire.put16(frame, message + 2, checksum(frame, message, bytes, 0));
  }

  /// One record, its addresses left out; IGMPv3 and MLDv2 have it at the same place.
  private static void record(Frame frame, int message, GroupTable.Entry entry) {
    Wire.put16(frame, message + 6, 1);
    int type = entry.sourced ? GroupTable.IS_INCLUDE : GroupTable.IS_EXCLUDE;
    Wire.put8(frame, message + 8, type);
    Wire.put16(frame, message + 10, entry.sourced ? 1 : 0);
  }

  private static void mld(Frame frame, GroupTable.Entry entry) {
    boolean records = entry.type == GroupTable.MLD_V2_REPORT;
    int bytes = records ? 28 + (entry.sourced ? 16 : 0) : 24;
    long high = records ? NeighbourDiscovery.MULTICAST_HIGH : entry.groupHigh;
    long low = records ? MLD_V2_ROUTERS_LOW : entry.groupLow;
    long mac = MLD_MAC | (low & 0xffff_ffffL);
    int at = begin(frame, entry, IPV6_BYTES + bytes, mac, Wire.TYPE_IPV6);
    Wire.put8(frame, at, 0x60);
    Wire.put16(frame, at + 4, IPV6_BYTES - 40 + bytes);
    // Next header hop-by-hop, hop limit 1.
    Wire.put16(frame, at + 6, 0x0001);
    NeighbourDiscovery.address(frame, at + 8, entry.hostHigh, entry.hostLow);
    NeighbourDiscovery.address(frame, at + 24, high, low);
    // ICMPv6 follows; router alert of value 0, MLD (RFC 2711); padding.
    Wire.put64(frame, at + 40, 0x3a00_0502_0000_0100L);
    int message = at + IPV6_BYTES;
    Wire.put8(frame, message, entry.type);
    if (records) {
      record(frame, message, entry);
      NeighbourDiscovery.address(frame, message + 12, entry.groupHigh, entry.groupLow);
      if (entry.sourced) {
        NeighbourDiscovery.address(frame, message + 28, entry.sourceHigh, entry.sourceLow);
      }
    } else {
      NeighbourDiscovery.address(frame, message + 8, entry.groupHigh, entry.groupLow);
    }
    // RFC 4443 2.3: addresses, length, next header, message.
    int pseudo = sum(frame, at + 8, 32) + bytes + 58;
    Wire.put16(frame, message + 2, checksum(frame, message, bytes, pseudo));
  }

  private static int sum(Frame frame, int at, int bytes) {
    int sum = 0;
    for (int i = at; i < at + bytes; i += 2) {
      sum += frame.u16(i);
    }
    return sum;
  }

  private static int checksum(Frame frame, int at, int bytes, int start) {
    int sum = start + sum(frame, at, bytes);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }
}
