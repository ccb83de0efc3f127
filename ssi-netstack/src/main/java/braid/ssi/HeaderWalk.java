package braid.ssi;

import braid.port.Frame;
import braid.port.Memory;

/// Finds addresses and ports in the headers of a frame, in the two ways of Linux's bonding driver.
/// Reused: [#begin], then [#plain] or [#deep], then the fields.
///
/// **Theory of operation.** Linux's rules as of 6.1, down to their quirks, because the member that
/// follows from them must be the same: [#plain] looks at the first IP header alone, knows no IPv6
/// extension header, and takes an ICMP error for the packet that it complains of; [#deep] is the
/// kernel's flow dissector, which goes through tags, tunnels and extension headers, and for which a
/// fragment has no ports. A header cut short ends the walk. Numbers are as the kernel's memory
/// holds them on a little-endian machine.
///
/// The outermost VLAN tag is not part of the walk, as in a kernel whose VLAN device hands the tag
/// beside the frame.
///
/// Only the head of a frame is looked at; a header beyond it counts as cut.
final class HeaderWalk {
  static final int TCP = 6;
  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int IPIP = 4;
  private static final int IPV6 = 41;
  private static final int GRE = 47;
  private static final int AH = 51;
  private static final int MPLS = 137;

  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int FRAGMENT = 44;
  private static final int DESTINATION_OPTIONS = 60;

  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int ICMP_BYTES = 8;

  /// More fragments, or an offset.
  private static final int IPV4_FRAGMENT = 0x3fff;

  private static final int GRE_CHECKSUM = 0x8000;
  private static final int GRE_ROUTING = 0x4000;
  private static final int GRE_KEY = 0x2000;
  private static final int GRE_SEQUENCE = 0x1000;
  private static final int GRE_ACKNOWLEDGE = 0x0080;
  private static final int GRE_VERSION = 0x0007;
  private static final int GRE_PPP = 0x880b;
  private static final int BRIDGED = 0x6558;

  private static final int PPP_IP = 0x21;
  private static final int PPP_IPV6 = 0x57;
  private static final int PPP_MPLS = 0x281;
  private static final int PPP_MPLS_MULTICAST = 0x283;

  /// Most headers that the kernel walks through.
  private static final int HEADERS_MAX = 15;

  /// Most tags that the kernel looks behind.
  private static final int TAGS_MAX = 8;

  private enum Step {
    /// All is found.
    DONE,
    /// Cut or not understood.
    BAD,
    /// Another network header follows.
    NETWORK,
    /// Another header above IP follows.
    TRANSPORT
  }

  /// Tag control information of the outermost tag, 0 when there is none.
  int tag;

  /// EtherType behind the outermost tag.
  int type;

  /// Addresses; an IPv6 address is folded to 32 bits. 0 when none was found.
  int source;

  int destination;

  /// Both ports as they lie in memory, or a security parameter index; 0 for none.
  int ports;

  /// ICMP type, code and identifier; 0 when there is no identifier.
  int echo;

  /// Protocol of the last header looked at; -1 for none or a fragment.
  int transport;

  /// Where that header is.
  int at;

  /// Some header said that this is a fragment.
  boolean fragment;

  private long head;
  private int length;
  private int network;
  private boolean tagBeside;
  private int icmpType;

  HeaderWalk() {}

  /// Looks at the Ethernet header.
  ///
  /// @param frame at least an Ethernet header long; its head must stay as it is during the walk
  void begin(Frame frame) {
    head = frame.head();
    length = frame.headLength();
    tag = 0;
    source = 0;
    destination = 0;
    ports = 0;
    echo = 0;
    transport = -1;
    fragment = false;
    icmpType = 0;
    tagBeside = false;
    type = u16(Wire.TYPE);
    at = Wire.ETHERNET_BYTES;
    if (isTag(type) && has(Wire.TAG_BYTES)) {
      boolean back = labelled(at + 2);
      tagBeside = !back;
      tag = back ? 0 : u16(at);
      type = back ? type : u16(at + 2);
      at += Wire.TAG_BYTES;
    }
    network = type;
  }

  private static boolean isTag(int type) {
    return type == Wire.TYPE_VLAN || type == Wire.TYPE_SERVICE_VLAN;
  }

  /// Behind the type at `from`, and more tags, is MPLS: a bond does not claim to insert tags for
  /// it, so the kernel puts the outermost one back into the frame before the driver hashes. From
  /// where the network header was it then reads on as if behind a tag.
  private boolean labelled(int from) {
    int offset = from;
    int next = u16(offset);
    for (int i = 0; i < TAGS_MAX && isTag(next); i++) {
      offset += Wire.TAG_BYTES;
      if (offset + 2 > length) {
        return false;
      }
      next = u16(offset);
    }
    return next == Wire.TYPE_MPLS || next == Wire.TYPE_MPLS_MULTICAST;
  }

  private boolean has(int bytes) {
    return at + bytes <= length;
  }

  private int u8(int offset) {
    assert offset < length : offset;
    return Memory.getByte(head + offset) & 0xff;
  }

  private int u16(int offset) {
    assert offset + 2 <= length : offset;
    return Short.reverseBytes(Memory.getShort(head + offset)) & 0xffff;
  }

  private int raw(int offset) {
    assert offset + 4 <= length : offset;
    return Memory.getInt(head + offset);
  }

  /// Flags of the TCP header that a walk ended at, 0 when it did not: FIN 1, SYN 2, RST 4.
  int tcpFlags() {
    return transport == TCP && !fragment && has(14) ? u8(at + 13) & 0x3f : 0;
  }

  /// The first IP header, and behind an ICMP error the one it is about.
  ///
  /// @return false when it is no IP
  boolean plain(boolean withPorts) {
    if (!ip(withPorts)) {
      return false;
    }
    if (transport == ICMP || transport == ICMPV6) {
      icmp();
      boolean error =
          transport == ICMP
              ? (icmpType >= 3 && icmpType <= 5) || icmpType == 11 || icmpType == 12
              : icmpType >= 1 && icmpType <= 4;
      if (error) {
        at += ICMP_BYTES;
        return ip(withPorts);
      }
    }
    return true;
  }

  private boolean ip(boolean withPorts) {
    if (network == Wire.TYPE_IPV4 && has(IPV4_BYTES)) {
      addresses4();
      boolean whole = (u16(at + 6) & IPV4_FRAGMENT) == 0;
      fragment |= !whole;
      // In the packet that an error is about the outer protocol stands, as in the kernel.
      transport = whole ? u8(at + 9) : transport;
      at += (u8(at) & 0xf) * 4;
    } else if (network == Wire.TYPE_IPV6 && has(IPV6_BYTES)) {
      addresses6();
      transport = u8(at + 6);
      at += IPV6_BYTES;
    } else {
      return false;
    }
    if (withPorts) {
      ports();
    }
    return true;
  }

  private void addresses4() {
    source = raw(at + 12);
    destination = raw(at + 16);
  }

  private void addresses6() {
    source = raw(at + 8) ^ raw(at + 12) ^ raw(at + 16) ^ raw(at + 20);
    destination = raw(at + 24) ^ raw(at + 28) ^ raw(at + 32) ^ raw(at + 36);
  }

  private void ports() {
    int offset =
        switch (transport) {
          // TCP, UDP, DCCP, ESP, SCTP, UDP-Lite
          case TCP, 17, 33, 50, 132, 136 -> 0;
          case AH -> 4;
          default -> -1;
        };
    ports = offset >= 0 && has(offset + 4) ? raw(at + offset) : 0;
  }

  private void icmp() {
    if (!has(ICMP_BYTES)) {
      return;
    }
    icmpType = u8(at);
    echo =
        switch (icmpType) {
          case 0, 8, 13, 14, 128, 129 -> {
            // No identifier is told from identifier 0.
            int identifier = Math.max(1, u16(at + 4));
            yield icmpType | u8(at + 1) << 8 | identifier << 16;
          }
          default -> 0;
        };
  }

  /// All headers as far as they are understood.
  ///
  /// @return false when that was not far enough
  boolean deep() {
    int headers = 0;
    while (true) {
      Step step = network();
      if (step == Step.TRANSPORT) {
        step = transport();
        while (step == Step.TRANSPORT && ++headers <= HEADERS_MAX) {
          step = transport();
        }
      }
      if (step != Step.NETWORK || ++headers > HEADERS_MAX) {
        return step != Step.BAD;
      }
    }
  }

  private Step network() {
    return switch (network) {
      case Wire.TYPE_IPV4 -> ipv4();
      case Wire.TYPE_IPV6 -> ipv6();
      case Wire.TYPE_VLAN, Wire.TYPE_SERVICE_VLAN -> tag();
      case Wire.TYPE_HSR, Wire.TYPE_PRP -> nested(6, 4);
      case Wire.TYPE_PPPOE_SESSION -> pppoe();
      case Wire.TYPE_BATMAN -> batman();
      case Wire.TYPE_TIPC -> tipc();
      case Wire.TYPE_ARP, Wire.TYPE_RARP, Wire.TYPE_MPLS, Wire.TYPE_MPLS_MULTICAST -> Step.DONE;
      case Wire.TYPE_FCOE -> has(38) ? Step.DONE : Step.BAD;
      case Wire.TYPE_PTP -> has(34) ? Step.DONE : Step.BAD;
      default -> Step.BAD;
    };
  }

  /// The kernel takes the first tag on its way for the one that lies beside the frame, and begins
  /// anew behind that.
  private Step tag() {
    if (tagBeside) {
      tagBeside = false;
      return into(type);
    }
    return nested(Wire.TAG_BYTES, 2);
  }

  /// A header of `bytes` that names the type of the next one at `offset`.
  private Step nested(int bytes, int offset) {
    if (!has(bytes)) {
      return Step.BAD;
    }
    network = u16(at + offset);
    at += bytes;
    return Step.NETWORK;
  }

  private Step ipv4() {
    if (!has(IPV4_BYTES) || (u8(at) & 0xf) < 5) {
      return Step.BAD;
    }
    addresses4();
    transport = u8(at + 9);
    fragment |= (u16(at + 6) & IPV4_FRAGMENT) != 0;
    at += (u8(at) & 0xf) * 4;
    return fragment ? Step.DONE : Step.TRANSPORT;
  }

  private Step ipv6() {
    if (!has(IPV6_BYTES)) {
      return Step.BAD;
    }
    addresses6();
    transport = u8(at + 6);
    at += IPV6_BYTES;
    return Step.TRANSPORT;
  }

  private Step pppoe() {
    // Version 1, type 1, code 0: session data.
    if (!has(8) || u16(at) != 0x1100) {
      return Step.BAD;
    }
    int protocol = u16(at + 6);
    at += 8;
    network =
        switch (protocol) {
          case PPP_IP -> Wire.TYPE_IPV4;
          case PPP_IPV6 -> Wire.TYPE_IPV6;
          case PPP_MPLS -> Wire.TYPE_MPLS;
          case PPP_MPLS_MULTICAST -> Wire.TYPE_MPLS_MULTICAST;
          default -> 0;
        };
    if (network != 0) {
      return Step.NETWORK;
    }
    return (protocol & 0x0101) == 1 ? Step.DONE : Step.BAD;
  }

  /// A B.A.T.M.A.N. unicast packet of version 15.
  private Step batman() {
    boolean unicast = has(24) && u8(at) == 0x40 && u8(at + 1) == 15;
    return unicast ? nested(24, 22) : Step.BAD;
  }

  private Step tipc() {
    if (!has(16)) {
      return Step.BAD;
    }
    source = raw(at + 12);
    destination = 0;
    return Step.DONE;
  }

  /// One header above IP; then the ports, as far as there are any.
  private Step transport() {
    Step step =
        switch (transport) {
          case GRE -> gre();
          case HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS -> options();
          case FRAGMENT -> fragmentHeader();
          case IPIP -> into(Wire.TYPE_IPV4);
          case IPV6 -> into(Wire.TYPE_IPV6);
          case MPLS -> into(Wire.TYPE_MPLS);
          case ICMP, ICMPV6 -> {
            icmp();
            yield Step.DONE;
          }
          default -> Step.DONE;
        };
    if (!fragment) {
      ports();
    }
    return step;
  }

  private Step into(int type) {
    network = type;
    return Step.NETWORK;
  }

  private Step options() {
    if (network != Wire.TYPE_IPV6) {
      return Step.DONE;
    }
    if (!has(2)) {
      return Step.BAD;
    }
    transport = u8(at);
    at += (u8(at + 1) + 1) * 8;
    return Step.TRANSPORT;
  }

  private Step fragmentHeader() {
    if (network != Wire.TYPE_IPV6) {
      return Step.DONE;
    }
    if (!has(8)) {
      return Step.BAD;
    }
    fragment = true;
    transport = u8(at);
    at += 8;
    return Step.DONE;
  }

  private Step gre() {
    if (!has(4)) {
      return Step.BAD;
    }
    int flags = u16(at);
    int version = flags & GRE_VERSION;
    int inner = u16(at + 2);
    boolean pptp = version == 1 && inner == GRE_PPP && (flags & GRE_KEY) != 0;
    if ((flags & GRE_ROUTING) != 0 || (version != 0 && !pptp)) {
      return Step.DONE;
    }
    at += 4 + ((flags & GRE_CHECKSUM) != 0 ? 4 : 0);
    if ((flags & GRE_KEY) != 0 && !has(4)) {
      return Step.BAD;
    }
    at += ((flags & GRE_KEY) != 0 ? 4 : 0) + ((flags & GRE_SEQUENCE) != 0 ? 4 : 0);
    network = inner;
    if (pptp) {
      at += (flags & GRE_ACKNOWLEDGE) != 0 ? 4 : 0;
      return ppp();
    }
    return inner == BRIDGED ? nested(Wire.ETHERNET_BYTES, Wire.TYPE) : Step.NETWORK;
  }

  private Step ppp() {
    if (!has(4)) {
      return Step.BAD;
    }
    network =
        switch (u16(at + 2)) {
          case PPP_IP -> Wire.TYPE_IPV4;
          case PPP_IPV6 -> Wire.TYPE_IPV6;
          default -> network;
        };
    at += 4;
    return Step.NETWORK;
  }
}
