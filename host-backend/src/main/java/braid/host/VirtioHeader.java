package braid.host;

import static braid.virtio.NetHeader.F_DATA_VALID;
import static braid.virtio.NetHeader.F_NEEDS_CSUM;
import static braid.virtio.NetHeader.GSO_ECN;
import static braid.virtio.NetHeader.GSO_NONE;
import static braid.virtio.NetHeader.GSO_TCPV4;
import static braid.virtio.NetHeader.GSO_TCPV6;

import braid.port.Frame;
import braid.port.Memory;
import braid.virtio.Feature;
import braid.virtio.NetHeader;

/// The virtio_net_hdr at the edge to one guest: what the guest sent is checked, what it gets is
/// made to fit what it negotiated (VIRTIO 1.3, 5.1.6).
///
/// It works on the header in the frame's own memory only. **Thread**: the worker's.
final class VirtioHeader {
  /// What must be done to a frame before a guest can have it.
  enum Delivery {
    /// Nothing (any more).
    AS_IT_IS,
    /// It must be cut into segments.
    CUT,
    /// It needs what we cannot do.
    IMPOSSIBLE
  }

  private static final int ETHER_HEADER = 14;
  private static final int TCP_HEADER = 20;

  private final long features;
  private final boolean mergeable;
  private final boolean guestCsum;
  private final boolean guestTso4;
  private final boolean guestTso6;
  private final boolean guestEcn;

  VirtioHeader(long features) {
    this.features = features;
    mergeable = Feature.MRG_RXBUF.in(features);
    guestCsum = Feature.GUEST_CSUM.in(features);
    guestTso4 = Feature.GUEST_TSO4.in(features);
    guestTso6 = Feature.GUEST_TSO6.in(features);
    guestEcn = Feature.GUEST_ECN.in(features);
  }

  /// Receive buffers can be merged.
  boolean mergeable() {
    return mergeable;
  }

  /// Checks and cleans the header of a frame that the guest sent, so that whoever gets it may
  /// believe every field.
  ///
  /// @return false when it makes no sense: the frame is to be dropped
  boolean fromGuest(Frame frame) {
    long at = frame.base();
    long first = Memory.getLong(at);
    int flags = NetHeader.flags(first) & F_NEEDS_CSUM;
    int gso = NetHeader.gsoType(first);
    if ((flags | gso) == 0) {
      // The other fields have no meaning; zero, so that nobody gives them one.
      frame.plainHeader();
      return true;
    }
    int length = frame.length();
    int start = NetHeader.csumStart(first);
    int offset = NetHeader.csumOffset(Memory.getInt(at + 8));
    // hdr_len is only a hint, which some drivers set too large.
    int headers = gso == GSO_NONE ? 0 : Math.min(NetHeader.hdrLen(first), length);
    long clean = NetHeader.first(flags, gso, headers, NetHeader.gsoSize(first), start);
    int last = NetHeader.last(offset, 1);
    if (NetHeader.checkSent(clean, last, length, features) != NetHeader.Fault.NONE
        || start < ETHER_HEADER
        || (gso != GSO_NONE && start + TCP_HEADER > length)) {
      return false;
    }
    Memory.putLong(at, clean);
    Memory.putInt(at + 8, last);
    return true;
  }

  /// Makes the header of a frame fit the guest, finishing the checksum when the guest cannot. To
  /// call it again for the same frame changes nothing.
  Delivery forGuest(Frame frame) {
    long at = frame.base();
    long first = Memory.getLong(at);
    int flags = NetHeader.flags(first) & (F_NEEDS_CSUM | F_DATA_VALID);
    int gso = NetHeader.gsoType(first);
    if ((flags | gso) == 0) {
      frame.plainHeader();
      return Delivery.AS_IT_IS;
    }
    if (gso != GSO_NONE) {
      Memory.putShort(at + NetHeader.NUM_BUFFERS, (short) 1);
      return accepted(gso) ? Delivery.AS_IT_IS : cuttable(gso) ? Delivery.CUT : Delivery.IMPOSSIBLE;
    }
    if (guestCsum) {
      Memory.putByte(at + NetHeader.FLAGS, (byte) flags);
      Memory.putShort(at + NetHeader.NUM_BUFFERS, (short) 1);
      return Delivery.AS_IT_IS;
    }
    if ((flags & F_NEEDS_CSUM) != 0
        && !Checksum.complete(
            frame,
            NetHeader.csumStart(first),
            NetHeader.csumOffset(Memory.getInt(at + NetHeader.CSUM_OFFSET)))) {
      return Delivery.IMPOSSIBLE;
    }
    frame.plainHeader();
    return Delivery.AS_IT_IS;
  }

  private boolean accepted(int gso) {
    boolean ecn = (gso & GSO_ECN) != 0;
    return switch (gso & ~GSO_ECN) {
      case GSO_TCPV4 -> guestTso4 && (!ecn || guestEcn);
      case GSO_TCPV6 -> guestTso6 && (!ecn || guestEcn);
      default -> false;
    };
  }

  private static boolean cuttable(int gso) {
    int type = gso & ~GSO_ECN;
    return type == GSO_TCPV4 || type == GSO_TCPV6;
  }

  /// TCP payload of each segment, as the header says.
  int segmentBytes(Frame frame) {
    return NetHeader.gsoSize(Memory.getLong(frame.base()));
  }
}
