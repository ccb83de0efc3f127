package braid.ssi;

import braid.port.Frame;

/// Tells flows apart: by addresses, ports and protocol, inside tags and tunnels; fragments by
/// addresses and protocol alone; what is not IP by MACs and EtherType. Reused.
final class FlowKey {
  private final HeaderWalk walk = new HeaderWalk();
  private boolean understood;

  /// A number for the flow of `frame`, well mixed.
  long of(Frame frame) {
    understood = false;
    if (frame.headLength() < Wire.ETHERNET_BYTES) {
      return 0;
    }
    walk.begin(frame);
    understood = walk.deep() && (walk.source | walk.destination) != 0;
    if (!understood) {
      long macs = mix(frame.mac(Wire.SOURCE)) ^ frame.mac(Wire.DESTINATION);
      return mix(macs ^ (long) walk.type << 48);
    }
    int ends = walk.echo != 0 ? walk.echo : walk.ports;
    long addresses = (long) walk.source << 32 | (walk.destination & 0xffff_ffffL);
    // The tag's low 12 bits name the VLAN; the rest is priority, which a flow may change.
    long rest = (ends & 0xffff_ffffL) << 24 | (walk.tag & 0xfffL) << 8 | (walk.transport & 0xffL);
    return mix(mix(addresses) ^ rest);
  }

  /// The last frame was IP, and TCP.
  boolean tcp() {
    return understood && walk.transport == HeaderWalk.TCP;
  }

  /// Flags of the last frame, when it was TCP: FIN 1, SYN 2, RST 4; else 0.
  int tcpFlags() {
    return understood ? walk.tcpFlags() : 0;
  }

  /// Each bit of the outcome depends on each bit given (the finaliser of MurmurHash3).
  private static long mix(long value) {
    long v = (value ^ value >>> 33) * 0xff51_afd7_ed55_8ccdL;
    v = (v ^ v >>> 33) * 0xc4ce_b9fe_1a85_ec53L;
    return v ^ v >>> 33;
  }
}
