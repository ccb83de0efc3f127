package braid.ssi;

import braid.port.Frame;

/// The hash that names a frame's member, and the member that it names: the same as Linux 6.1's
/// bonding driver (Documentation/networking/bonding.rst, xmit_hash_policy), given the same members
/// in the order they were added.
///
/// Two things that a kernel can know and a frame does not tell:
/// - The outermost VLAN tag is treated as Linux treats that of a VLAN device on top of the bond,
///   beside the frame: its EtherType is not hashed. Linux hashes a tag that lies in the frame
///   (from a raw socket or a bridge) as a foreign protocol, and so sends all of a VLAN one way.
/// - With encap3+4, Linux prefers a number that the local socket drew at random; there is none
///   here.
///
/// An object is one worker's scratch memory; [#hash(HashPolicy, Frame)] makes its own.
public final class FlowHash {
  private final HeaderWalk walk = new HeaderWalk();

  /// Scratch memory for one worker.
  FlowHash() {}

  /// The hash of `frame`, unsigned.
  public static int hash(HashPolicy policy, Frame frame) {
    return new FlowHash().of(policy, frame);
  }

  /// Which of `usable` members in their order is meant by `hash`, 0 to `usable - 1`.
  ///
  /// @param usable at least 1
  public static int member(int hash, int usable) {
    return Integer.remainderUnsigned(hash, usable);
  }

  /// The hash of `frame`, unsigned.
  int of(HashPolicy policy, Frame frame) {
    if (frame.headLength() < Wire.ETHERNET_BYTES) {
      return 0;
    }
    walk.begin(frame);
    return switch (policy) {
      case LAYER2 -> ethernet(frame);
      case LAYER2_3 -> walk.plain(false) ? fold(ethernet(frame)) : ethernet(frame);
      case ENCAP2_3 -> walk.deep() ? fold(ethernet(frame)) : ethernet(frame);
      // The lowest bit goes: ports are even more often than not.
      case LAYER3_4 -> walk.plain(true) ? fold(ends()) >>> 1 : ethernet(frame);
      case ENCAP3_4 -> walk.deep() ? fold(ends()) >>> 1 : ethernet(frame);
      case VLAN_SRCMAC -> {
        long mac = frame.mac(Wire.SOURCE);
        yield walk.tag ^ (int) (mac >>> 24) ^ (int) (mac & 0xff_ffff);
      }
    };
  }

  private int ethernet(Frame frame) {
    return frame.u8(Wire.DESTINATION + 5) ^ frame.u8(Wire.SOURCE + 5) ^ walk.type;
  }

  private int ends() {
    return walk.echo != 0 ? walk.echo : walk.ports;
  }

  private int fold(int hash) {
    int all = hash ^ walk.source ^ walk.destination;
    all ^= all >>> 16;
    return all ^ (all >>> 8);
  }
}
