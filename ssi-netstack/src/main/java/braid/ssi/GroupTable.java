package braid.ssi;

import braid.port.Frame;

/// The multicast groups that the hosts behind the bond have joined, read from the reports they
/// send (IGMP: RFC 1112, 2236, 3376; MLD: RFC 2710, 3810): what is joined anew after a switch, so
/// that snooping switches send the groups to the right port at once and not after the next query.
///
/// A group joined for some sources only has an entry for each; one joined for all but some sources
/// is taken as joined for all, which the host itself puts right at the next query. The table has a
/// fixed size; when it is full, the entry learned longest ago gives way.
final class GroupTable {
  static final int IGMP = 2;
  static final int IGMP_V1_REPORT = 0x12;
  static final int IGMP_V2_REPORT = 0x16;
  static final int IGMP_V3_REPORT = 0x22;
  static final int MLD_V1_REPORT = 131;
  static final int MLD_V2_REPORT = 143;

  static final int IS_INCLUDE = 1;
  static final int IS_EXCLUDE = 2;

  private static final int IGMP_LEAVE = 0x17;
  private static final int MLD_DONE = 132;
  private static final int TO_INCLUDE = 3;
  private static final int TO_EXCLUDE = 4;
  private static final int ALLOW = 5;
  private static final int BLOCK = 6;
  private static final int ICMPV6 = 58;

  /// Sources remembered of one record.
  private static final int SOURCES_MAX = 4;

  /// One group of one host. Reused. An IPv4 address is the low 32 bits of the `low` half.
  static final class Entry {
    long mac;

    /// VLAN identifier, -1 for untagged.
    int vlan;

    boolean ipv6;

    /// Type of the message it was reported in.
    int type;

    /// The host's own address, as it stood in the report.
    long hostHigh;

    long hostLow;
    long groupHigh;
    long groupLow;

    /// The one source it is joined for.
    boolean sourced;

    long sourceHigh;
    long sourceLow;

    private boolean group(Entry other) {
      return groupLow == other.groupLow
          && groupHigh == other.groupHigh
          && ipv6 == other.ipv6
          && vlan == other.vlan
          && mac == other.mac;
    }

    private boolean same(Entry other) {
      return group(other)
          && sourced == other.sourced
          && sourceHigh == other.sourceHigh
          && sourceLow == other.sourceLow;
    }

    private void copy(Entry from) {
      mac = from.mac;
      vlan = from.vlan;
      ipv6 = from.ipv6;
      type = from.type;
      hostHigh = from.hostHigh;
      hostLow = from.hostLow;
      groupHigh = from.groupHigh;
      groupLow = from.groupLow;
      sourced = from.sourced;
      sourceHigh = from.sourceHigh;
      sourceLow = from.sourceLow;
    }
  }

  private final Entry[] entries;
  private final Entry heard = new Entry();
  private int size;

  GroupTable(int capacity) {
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

  /// Reads a frame that a host sends; `type` is its EtherType.
  void learn(Frame frame, int type) {
    int at = Wire.ETHERNET_BYTES;
    heard.vlan = -1;
    if (type == Wire.TYPE_VLAN && frame.headLength() >= at + Wire.TAG_BYTES) {
      heard.vlan = frame.u16(at) & 0xfff;
      type = frame.u16(at + 2);
      at += Wire.TAG_BYTES;
    }
    if (type == Wire.TYPE_IPV4) {
      igmp(frame, at);
    } else if (type == Wire.TYPE_IPV6) {
      mld(frame, at);
    }
  }

  private void igmp(Frame frame, int at) {
    if (frame.headLength() < at + 20 || frame.u8(at + 9) != IGMP) {
      return;
    }
    int message = at + (frame.u8(at) & 0xf) * 4;
    if (frame.headLength() < message + 8) {
      return;
    }
    begin(frame, false, frame.u8(message));
    heard.hostHigh = 0;
    heard.hostLow = frame.i32(at + 12) & 0xffff_ffffL;
    switch (heard.type) {
      case IGMP_V1_REPORT, IGMP_V2_REPORT -> whole(frame, message + 4);
      case IGMP_LEAVE -> leave(frame, message + 4);
      case IGMP_V3_REPORT -> records(frame, message + 8, frame.u16(message + 6));
      default -> {}
    }
  }

  /// The router alert option that MLD requires comes in a hop-by-hop header.
  private void mld(Frame frame, int at) {
    if (frame.headLength() < at + 48 || frame.u8(at + 6) != 0 || frame.u8(at + 40) != ICMPV6) {
      return;
    }
    int message = at + 40 + (frame.u8(at + 41) + 1) * 8;
    if (frame.headLength() < message + 8) {
      return;
    }
    begin(frame, true, frame.u8(message));
    heard.hostHigh = Wire.get64(frame, at + 8);
    heard.hostLow = Wire.get64(frame, at + 16);
    switch (heard.type) {
      case MLD_V1_REPORT -> whole(frame, message + 8);
      case MLD_DONE -> leave(frame, message + 8);
      case MLD_V2_REPORT -> records(frame, message + 8, frame.u16(message + 6));
      default -> {}
    }
  }

  private void begin(Frame frame, boolean ipv6, int type) {
    heard.mac = frame.mac(Wire.SOURCE);
    heard.ipv6 = ipv6;
    heard.type = type;
  }

  /// @return false when the frame ends before
  private boolean group(Frame frame, int at) {
    heard.sourced = false;
    heard.sourceHigh = 0;
    heard.sourceLow = 0;
    if (frame.headLength() < at + bytes()) {
      return false;
    }
    heard.groupHigh = heard.ipv6 ? Wire.get64(frame, at) : 0;
    heard.groupLow = low(frame, at);
    return true;
  }

  private int bytes() {
    return heard.ipv6 ? 16 : 4;
  }

  private long low(Frame frame, int at) {
    return heard.ipv6 ? Wire.get64(frame, at + 8) : frame.i32(at) & 0xffff_ffffL;
  }

  private void whole(Frame frame, int at) {
    if (group(frame, at)) {
      forget();
      put();
    }
  }

  private void leave(Frame frame, int at) {
    if (group(frame, at)) {
      forget();
    }
  }

  /// Group records of IGMPv3 and MLDv2: type, auxiliary words, number of sources, group, sources.
  private void records(Frame frame, int at, int count) {
    for (int i = 0; i < count && frame.headLength() >= at + 4 && group(frame, at + 4); i++) {
      int sources = frame.u16(at + 2);
      record(frame, frame.u8(at), at + 4 + bytes(), sources);
      at += 4 + bytes() + sources * bytes() + frame.u8(at + 1) * 4;
    }
  }

  private void record(Frame frame, int type, int at, int sources) {
    if (type == IS_EXCLUDE || type == TO_EXCLUDE) {
      forget();
      put();
      return;
    }
    if (type == IS_INCLUDE || type == TO_INCLUDE) {
      forget();
    }
    for (int i = 0; i < Math.min(sources, SOURCES_MAX); i++) {
      if (frame.headLength() < at + bytes()) {
        return;
      }
      heard.sourced = true;
      heard.sourceHigh = heard.ipv6 ? Wire.get64(frame, at) : 0;
      heard.sourceLow = low(frame, at);
      if (type == BLOCK) {
        remove(find());
      } else if (type == ALLOW || type == IS_INCLUDE || type == TO_INCLUDE) {
        put();
      }
      at += bytes();
    }
  }

  private int find() {
    for (int i = 0; i < size; i++) {
      if (entries[i].same(heard)) {
        return i;
      }
    }
    return -1;
  }

  private void put() {
    int i = find();
    if (i < 0) {
      if (size == entries.length) {
        remove(0);
      }
      i = size++;
    }
    entries[i].copy(heard);
  }

  /// The host is no more in the group heard of, whatever the sources.
  private void forget() {
    for (int i = size - 1; i >= 0; i--) {
      if (entries[i].group(heard)) {
        remove(i);
      }
    }
  }

  private void remove(int i) {
    if (i >= 0) {
      Entry gone = entries[i];
      System.arraycopy(entries, i + 1, entries, i, size - i - 1);
      entries[--size] = gone;
    }
  }
}
