package braid.virtio;

/// The header before every frame of a virtio-net device (VIRTIO 5.1.6), as VERSION_1 has it, and
/// the checks of it.
///
/// ```
///  0 flags u8        1 gso_type u8      2 hdr_len u16        4 gso_size u16
///  6 csum_start u16  8 csum_offset u16  10 num_buffers u16
/// ```
/// Little-endian, 12 bytes; longer only with features that are not offered here (HASH_REPORT,
/// tunnels, IPSEC). The functions take the header as two numbers, the first 8 bytes and the last 4,
/// so that it is read once and what is checked is what is used. They allocate nothing.
public final class NetHeader {
  /// Bytes of the header.
  public static final int BYTES = 12;

  /// Offset of flags, u8.
  public static final int FLAGS = 0;

  /// Offset of gso_type, u8.
  public static final int GSO_TYPE = 1;

  /// Offset of hdr_len, u16.
  public static final int HDR_LEN = 2;

  /// Offset of gso_size, u16.
  public static final int GSO_SIZE = 4;

  /// Offset of csum_start, u16.
  public static final int CSUM_START = 6;

  /// Offset of csum_offset, u16.
  public static final int CSUM_OFFSET = 8;

  /// Offset of num_buffers, u16.
  public static final int NUM_BUFFERS = 10;

  /// Flag: the checksum from csum_start on is not finished.
  public static final int F_NEEDS_CSUM = 1;

  /// Flag: the checksum has been checked; only from device to driver.
  public static final int F_DATA_VALID = 2;

  /// Flag: csum_start and csum_offset count coalesced segments; only with RSC_EXT.
  public static final int F_RSC_INFO = 4;

  /// No GSO.
  public static final int GSO_NONE = 0;

  /// TCP over IPv4.
  public static final int GSO_TCPV4 = 1;

  /// UDP fragmentation.
  public static final int GSO_UDP = 3;

  /// TCP over IPv6.
  public static final int GSO_TCPV6 = 4;

  /// UDP segmentation.
  public static final int GSO_UDP_L4 = 5;

  /// Bit of gso_type: the TCP frame has ECN.
  public static final int GSO_ECN = 0x80;

  private static final int ETHERNET_BYTES = 14;

  /// What is wrong with a header.
  public enum Fault {
    /// Nothing.
    NONE,
    /// The frame is shorter than an Ethernet header.
    FRAME_TOO_SHORT,
    /// NEEDS_CSUM without the feature.
    CSUM_NOT_NEGOTIATED,
    /// csum_start + csum_offset lie outside the frame.
    CSUM_OUTSIDE_FRAME,
    /// A gso_type that is not defined.
    GSO_UNKNOWN,
    /// A gso_type, or its ECN bit, without the feature.
    GSO_NOT_NEGOTIATED,
    /// GSO without NEEDS_CSUM.
    GSO_WITHOUT_CSUM,
    /// GSO with gso_size 0.
    GSO_SIZE_ZERO,
    /// hdr_len is longer than the frame.
    HDR_LEN_OUTSIDE_FRAME,
    /// num_buffers is 0, or more than there are chains.
    NUM_BUFFERS
  }

  private NetHeader() {}

  /// flags of a header.
  public static int flags(long first) {
    return (int) first & 0xff;
  }

  /// gso_type of a header, with its ECN bit.
  public static int gsoType(long first) {
    return (int) (first >>> 8) & 0xff;
  }

  /// hdr_len of a header, bytes.
  public static int hdrLen(long first) {
    return (int) (first >>> 16) & 0xffff;
  }

  /// gso_size of a header, bytes.
  public static int gsoSize(long first) {
    return (int) (first >>> 32) & 0xffff;
  }

  /// csum_start of a header, offset in the frame.
  public static int csumStart(long first) {
    return (int) (first >>> 48);
  }

  /// csum_offset of a header, offset from csum_start.
  public static int csumOffset(int last) {
    return last & 0xffff;
  }

  /// num_buffers of a header.
  public static int numBuffers(int last) {
    return last >>> 16;
  }

  /// The first 8 bytes of a header.
  public static long first(int flags, int gsoType, int hdrLen, int gsoSize, int csumStart) {
    return (flags & 0xffL)
        | ((gsoType & 0xffL) << 8)
        | ((hdrLen & 0xffffL) << 16)
        | ((gsoSize & 0xffffL) << 32)
        | ((csumStart & 0xffffL) << 48);
  }

  /// The last 4 bytes of a header.
  public static int last(int csumOffset, int numBuffers) {
    return (csumOffset & 0xffff) | (numBuffers << 16);
  }

  /// Checks a header that a driver sent (5.1.6.2.1). Flags the device does not know are ignored
  /// (5.1.6.2.2), and so is num_buffers, which means nothing in this direction.
  ///
  /// @param first      bytes 0 to 7 of the header
  /// @param last       bytes 8 to 11
  /// @param frameBytes length of the frame behind it
  /// @param features   what was negotiated
  public static Fault checkSent(long first, int last, int frameBytes, long features) {
    if (plain(first)) {
      return frameBytes < ETHERNET_BYTES ? Fault.FRAME_TOO_SHORT : Fault.NONE;
    }
    return check(first, last, frameBytes, Feature.CSUM.in(features), sentGso(first, features));
  }

  /// Checks a header that a device sent (5.1.6.4.2), num_buffers included.
  ///
  /// @param first      bytes 0 to 7 of the header
  /// @param last       bytes 8 to 11
  /// @param frameBytes length of the whole frame, over all its chains
  /// @param chains     how many used chains there are from this one on, at least 1
  /// @param features   what was negotiated
  public static Fault checkReceived(
      long first, int last, int frameBytes, int chains, long features) {
    int buffers = numBuffers(last);
    if (Feature.MRG_RXBUF.in(features) && (buffers == 0 || buffers > chains)) {
      return Fault.NUM_BUFFERS;
    }
    if (plain(first)) {
      return frameBytes < ETHERNET_BYTES ? Fault.FRAME_TOO_SHORT : Fault.NONE;
    }
    return check(
        first, last, frameBytes, Feature.GUEST_CSUM.in(features), receivedGso(first, features));
  }

  /// No partial checksum, no GSO, and a header length that cannot be wrong.
  private static boolean plain(long first) {
    return (first & (F_NEEDS_CSUM | 0xff00L)) == 0 && (first & 0xffff_0000L) == 0;
  }

  private static Fault check(long first, int last, int frameBytes, boolean csum, Fault gso) {
    if (frameBytes < ETHERNET_BYTES) {
      return Fault.FRAME_TOO_SHORT;
    }
    if (hdrLen(first) > frameBytes) {
      return Fault.HDR_LEN_OUTSIDE_FRAME;
    }
    if ((first & F_NEEDS_CSUM) != 0) {
      if (!csum) {
        return Fault.CSUM_NOT_NEGOTIATED;
      }
      if (csumStart(first) + csumOffset(last) + 2 > frameBytes) {
        return Fault.CSUM_OUTSIDE_FRAME;
      }
    }
    if (gsoType(first) == GSO_NONE) {
      return Fault.NONE;
    }
    if (gso != Fault.NONE) {
      return gso;
    }
    if ((first & F_NEEDS_CSUM) == 0) {
      return Fault.GSO_WITHOUT_CSUM;
    }
    return gsoSize(first) == 0 ? Fault.GSO_SIZE_ZERO : Fault.NONE;
  }

  private static Fault sentGso(long first, long features) {
    int type = gsoType(first);
    return switch (type & ~GSO_ECN) {
      case GSO_NONE -> type == GSO_NONE ? Fault.NONE : Fault.GSO_UNKNOWN;
      case GSO_TCPV4 -> tcp(type, Feature.HOST_TSO4, Feature.HOST_ECN, features);
      case GSO_TCPV6 -> tcp(type, Feature.HOST_TSO6, Feature.HOST_ECN, features);
      case GSO_UDP -> udp(type, Feature.HOST_UFO.in(features));
      case GSO_UDP_L4 -> udp(type, Feature.HOST_USO.in(features));
      default -> Fault.GSO_UNKNOWN;
    };
  }

  private static Fault receivedGso(long first, long features) {
    int type = gsoType(first);
    return switch (type & ~GSO_ECN) {
      case GSO_NONE -> type == GSO_NONE ? Fault.NONE : Fault.GSO_UNKNOWN;
      case GSO_TCPV4 -> tcp(type, Feature.GUEST_TSO4, Feature.GUEST_ECN, features);
      case GSO_TCPV6 -> tcp(type, Feature.GUEST_TSO6, Feature.GUEST_ECN, features);
      case GSO_UDP -> udp(type, Feature.GUEST_UFO.in(features));
      case GSO_UDP_L4 ->
          udp(type, Feature.GUEST_USO4.in(features) || Feature.GUEST_USO6.in(features));
      default -> Fault.GSO_UNKNOWN;
    };
  }

  private static Fault tcp(int type, Feature gso, Feature ecn, long features) {
    boolean wanted = gso.in(features) && ((type & GSO_ECN) == 0 || ecn.in(features));
    return wanted ? Fault.NONE : Fault.GSO_NOT_NEGOTIATED;
  }

  private static Fault udp(int type, boolean negotiated) {
    if ((type & GSO_ECN) != 0) {
      return Fault.GSO_UNKNOWN;
    }
    return negotiated ? Fault.NONE : Fault.GSO_NOT_NEGOTIATED;
  }
}
