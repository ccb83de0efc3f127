package braid.host;

import braid.port.Frame;
import braid.port.FrameSource;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Cuts a TCP frame that is larger than the wire allows into segments, for guests that did not take
/// GUEST_TSO.
///
/// **Theory of operation.** [#start] looks at the headers of a GSO frame, which all lie in its own
/// head, and remembers where they are. Each [#next] then builds one whole segment in scratch
/// memory: the headers copied and corrected (IPv4 length, identification and header checksum; IPv6
/// payload length; TCP sequence number, flags and checksum), the payload gathered from head and
/// pieces. FIN and PSH stay on the last segment only, CWR on the first only (RFC 3168). What comes
/// out needs nothing more of the guest: its header is plain.
///
/// A sender could ask for one-byte segments and so make 64 KiB into megabytes; [#SEGMENTS_MAX]
/// bounds that. One thread; allocates only when made.
final class Segmenter {
  /// Most segments of one frame: 64 KiB at the smallest MSS hosts must take (536), rounded up.
  static final int SEGMENTS_MAX = 128;

  private static final int ETHER_HEADER = 14;
  private static final int ETHER_IPV4 = 0x0800;
  private static final int ETHER_IPV6 = 0x86dd;
  private static final int ETHER_VLAN = 0x8100;
  private static final int ETHER_QINQ = 0x88a8;
  private static final int IPV6_HEADER = 40;
  private static final int PROTOCOL_TCP = 6;
  private static final int TCP_HEADER = 20;
  private static final int TCP_CHECKSUM = 16;
  private static final int TCP_FLAGS = 13;
  private static final int TCP_FIN_PSH = 0x09;
  private static final int TCP_CWR = 0x80;

  /// Referred to so that the collector leaves it alone as long as frames point into it.
  private final MemorySegment memory;

  private final Frame scratch;

  private Frame frame;
  private boolean ipv6;
  private int ipAt;
  private int tcpAt;
  private int headerBytes;
  private int segmentBytes;
  private int payloadBytes;
  private int payloadDone;
  private int index;
  private int piece;
  private int pieceDone;

  /// A segmenter with scratch memory of its own, freed by the collector.
  Segmenter() {
    FrameSource keep = returned -> {};
    int bytes = Frame.HEADER_BYTES + Frame.BYTES_MAX;
    memory = Arena.ofAuto().allocate(bytes, 64);
    scratch = new Frame(keep, memory.address(), bytes, 0).open(0);
    frame = scratch;
  }

  /// Takes a frame to cut, whose virtio_net_hdr asks for TSO; it stays the caller's.
  ///
  /// @param segmentBytes gso_size: TCP payload of each segment
  /// @return false when the headers are not those of a TCP frame that can be cut
  boolean start(Frame gso, int segmentBytes) {
    if (gso.headLength() < ETHER_HEADER + TCP_HEADER + 20 || !findIp(gso) || !findTcp(gso)) {
      return false;
    }
    payloadBytes = gso.length() - headerBytes;
    if (segmentBytes <= 0
        || payloadBytes <= 0
        || (payloadBytes + segmentBytes - 1) / segmentBytes > SEGMENTS_MAX) {
      return false;
    }
    this.frame = gso;
    this.segmentBytes = segmentBytes;
    payloadDone = 0;
    index = 0;
    // The payload starts in the head, behind the headers; piece -1 stands for the head.
    piece = -1;
    pieceDone = headerBytes;
    return true;
  }

  private boolean findIp(Frame gso) {
    int type = gso.u16(12);
    ipAt = ETHER_HEADER;
    for (int tags = 0; tags < 2 && (type == ETHER_VLAN || type == ETHER_QINQ); tags++) {
      type = gso.u16(ipAt + 2);
      ipAt += 4;
    }
    ipv6 = type == ETHER_IPV6;
    return type == ETHER_IPV4 || ipv6;
  }

  private boolean findTcp(Frame gso) {
    int protocol;
    if (ipv6) {
      protocol = gso.u8(ipAt + 6);
      tcpAt = ipAt + IPV6_HEADER;
      // Hop-by-hop, routing and destination options may stand before TCP.
      for (int i = 0; i < 3 && (protocol == 0 || protocol == 43 || protocol == 60); i++) {
        if (tcpAt + 2 > gso.headLength()) {
          return false;
        }
        protocol = gso.u8(tcpAt);
        tcpAt += (gso.u8(tcpAt + 1) + 1) * 8;
      }
    } else {
      int ipHeader = (gso.u8(ipAt) & 0x0f) * 4;
      boolean fragment = (gso.u16(ipAt + 6) & 0x3fff) != 0;
      protocol = ipHeader < 20 || fragment ? -1 : gso.u8(ipAt + 9);
      tcpAt = ipAt + ipHeader;
    }
    if (protocol != PROTOCOL_TCP || tcpAt + TCP_HEADER > gso.headLength()) {
      return false;
    }
    int tcpHeader = (gso.u8(tcpAt + 12) >> 4) * 4;
    headerBytes = tcpAt + tcpHeader;
    return tcpHeader >= TCP_HEADER && headerBytes <= gso.headLength();
  }

  /// There is another segment.
  boolean more() {
    return payloadDone < payloadBytes;
  }

  /// Builds the next segment. The frame that comes back is scratch: valid until the next call,
  /// never released.
  Frame next() {
    int bytes = Math.min(segmentBytes, payloadBytes - payloadDone);
    boolean last = payloadDone + bytes == payloadBytes;
    long to = scratch.head();
    Memory.copy(frame.head(), to, headerBytes);
    gather(to + headerBytes, bytes);
    scratch.plainHeader();
    scratch.headLength(headerBytes + bytes);

    long tcp = to + tcpAt;
    putBig32(tcp + 4, bigI32(tcp + 4) + payloadDone);
    int flags = Memory.getByte(tcp + TCP_FLAGS) & 0xff;
    flags &= last ? 0xff : ~TCP_FIN_PSH;
    flags &= index == 0 ? 0xff : ~TCP_CWR;
    Memory.putByte(tcp + TCP_FLAGS, (byte) flags);

    int tcpBytes = headerBytes - tcpAt + bytes;
    long pseudo = ipv6 ? fixIpv6(to, tcpBytes) : fixIpv4(to, tcpBytes);
    Memory.putShort(tcp + TCP_CHECKSUM, (short) 0);
    Memory.putShort(tcp + TCP_CHECKSUM, Checksum.finish(pseudo + Checksum.sum(tcp, tcpBytes)));

    payloadDone += bytes;
    index++;
    return scratch;
  }

  /// Corrects the IPv4 header; gives the sum of the pseudo-header.
  private long fixIpv4(long to, int tcpBytes) {
    long ip = to + ipAt;
    putBig16(ip + 2, tcpAt - ipAt + tcpBytes);
    putBig16(ip + 4, bigU16(ip + 4) + index);
    Memory.putShort(ip + 10, (short) 0);
    Memory.putShort(ip + 10, (short) ~Checksum.fold(Checksum.sum(ip, tcpAt - ipAt)));
    return Checksum.sum(ip + 12, 8) + littlePseudo(tcpBytes);
  }

  /// Corrects the IPv6 header; gives the sum of the pseudo-header. A routing header would put
  /// another destination into it; hosts that send one do not hand it to TSO.
  private long fixIpv6(long to, int tcpBytes) {
    long ip = to + ipAt;
    putBig16(ip + 4, tcpAt - ipAt - IPV6_HEADER + tcpBytes);
    return Checksum.sum(ip + 8, 32) + littlePseudo(tcpBytes);
  }

  /// Length and protocol as the pseudo-header has them, in the order in which sums are kept.
  private static long littlePseudo(int tcpBytes) {
    return (Short.reverseBytes((short) tcpBytes) & 0xffff)
        + (long) (Short.reverseBytes((short) PROTOCOL_TCP) & 0xffff);
  }

  private void gather(long to, int bytes) {
    long at = to;
    int left = bytes;
    while (left > 0) {
      boolean head = piece < 0;
      int length = head ? frame.headLength() : frame.pieceLength(piece);
      int now = Math.min(left, length - pieceDone);
      if (now > 0) {
        Memory.copy((head ? frame.head() : frame.pieceAddress(piece)) + pieceDone, at, now);
        at += now;
        left -= now;
        pieceDone += now;
      }
      if (pieceDone == length) {
        piece++;
        pieceDone = 0;
      }
    }
  }

  /// The scratch frame while nothing is being cut.
  Frame none() {
    assert memory.address() == scratch.base();
    return scratch;
  }

  private static int bigU16(long address) {
    return Short.reverseBytes(Memory.getShort(address)) & 0xffff;
  }

  private static void putBig16(long address, int value) {
    Memory.putShort(address, Short.reverseBytes((short) value));
  }

  private static int bigI32(long address) {
    return Integer.reverseBytes(Memory.getInt(address));
  }

  private static void putBig32(long address, int value) {
    Memory.putInt(address, Integer.reverseBytes(value));
  }
}
