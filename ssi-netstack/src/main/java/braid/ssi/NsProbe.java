package braid.ssi;

import braid.port.Frame;

/// Asks one IPv6 host for its MAC again and again ([TargetProbe]).
final class NsProbe implements TargetProbe {
  private static final int AT = Wire.ETHERNET_BYTES;
  private static final long SOLICITED_NODE_MAC = 0x3333_ff00_0000L;
  private static final long SOLICITED_NODE_LOW = 0x0000_0001_ff00_0000L;

  private final NsTarget target;
  private final long probeMac;
  private final long sourceLow;
  private final Heartbeat beat;
  private final Suspicion suspicion;

  NsProbe(NsTarget target, long probeMac) {
    this.target = target;
    this.probeMac = probeMac;
    this.sourceLow = interfaceIdentifier(probeMac);
    this.beat = new Heartbeat(target.intervalNanos(), target.lossNanos());
    this.suspicion = new Suspicion(target.intervalNanos(), target.missedMax());
  }

  /// Modified EUI-64 (RFC 4291, appendix A).
  private static long interfaceIdentifier(long mac) {
    long upper = mac >>> 24 ^ 0x02_0000;
    return upper << 40 | 0xff_fe00_0000L | (mac & 0xff_ffff);
  }

  @Override
  public Heartbeat beat() {
    return beat;
  }

  @Override
  public Suspicion suspicion() {
    return suspicion;
  }

  @Override
  public boolean answers(Frame frame, int type) {
    return type == Wire.TYPE_IPV6
        && NeighbourDiscovery.type(frame, AT) == NeighbourDiscovery.ADVERTISEMENT
        && frame.u8(AT + NeighbourDiscovery.HOP_LIMIT) == 255
        && (frame.u8(AT + NeighbourDiscovery.FLAGS) & NeighbourDiscovery.FLAG_SOLICITED) != 0
        && NeighbourDiscovery.isAt(
            frame, AT + NeighbourDiscovery.TARGET, target.high(), target.low())
        && frame.mac(Wire.DESTINATION) == probeMac;
  }

  @Override
  public void write(Frame frame, long now) {
    long node = target.low() & 0xff_ffff;
    Wire.ethernet(
        frame, AT + NeighbourDiscovery.BYTES, SOLICITED_NODE_MAC | node, probeMac, Wire.TYPE_IPV6);
    NeighbourDiscovery.address(
        frame, AT + NeighbourDiscovery.SOURCE, NeighbourDiscovery.LINK_LOCAL_HIGH, sourceLow);
    NeighbourDiscovery.address(
        frame,
        AT + NeighbourDiscovery.DESTINATION,
        NeighbourDiscovery.MULTICAST_HIGH,
        SOLICITED_NODE_LOW | node);
    NeighbourDiscovery.address(frame, AT + NeighbourDiscovery.TARGET, target.high(), target.low());
    NeighbourDiscovery.finish(frame, AT, NeighbourDiscovery.SOLICITATION, 0, probeMac);
    beat.sent(now);
  }
}
