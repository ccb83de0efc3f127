package braid.ssi;

import braid.port.Frame;

/// Asks one IPv4 host for its MAC again and again ([TargetProbe]).
///
/// ARP on Ethernet (RFC 826), offsets in the frame: 14 hardware type 1, 16 protocol 0x0800, 18
/// lengths 6 and 4, 20 operation, 22 sender MAC, 28 sender IP, 32 target MAC, 38 target IP.
final class ArpProbe implements TargetProbe {
  static final int OPERATION = 20;
  static final int SENDER_MAC = 22;
  static final int SENDER_IP = 28;
  static final int TARGET_MAC = 32;
  static final int TARGET_IP = 38;
  static final int BYTES = 42;
  static final int REQUEST = 1;
  static final int REPLY = 2;

  private final ArpTarget target;
  private final long probeMac;
  private final Heartbeat beat;
  private final Suspicion suspicion;

  ArpProbe(ArpTarget target, long probeMac) {
    this.target = target;
    this.probeMac = probeMac;
    this.beat = new Heartbeat(target.intervalNanos(), target.lossNanos());
    this.suspicion = new Suspicion(target.intervalNanos(), target.missedMax());
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
    return type == Wire.TYPE_ARP
        && frame.headLength() >= BYTES
        && frame.u16(OPERATION) == REPLY
        && frame.i32(SENDER_IP) == target.address()
        && frame.mac(TARGET_MAC) == probeMac
        && frame.mac(Wire.DESTINATION) == probeMac;
  }

  /// Sender address 0.0.0.0, so that nobody's table changes (RFC 5227).
  @Override
  public void write(Frame frame, long now) {
    Wire.ethernet(frame, Wire.SHORTEST_BYTES, Wire.BROADCAST, probeMac, Wire.TYPE_ARP);
    fixed(frame, Wire.ETHERNET_BYTES, REQUEST);
    Wire.putMac(frame, SENDER_MAC, probeMac);
    Wire.put32(frame, TARGET_IP, target.address());
    beat.sent(now);
  }

  /// The constant part of ARP for IPv4 on Ethernet at `at`, and the operation.
  static void fixed(Frame frame, int at, int operation) {
    Wire.put16(frame, at, 1);
    Wire.put16(frame, at + 2, 0x0800);
    Wire.put16(frame, at + 4, 0x0604);
    Wire.put16(frame, at + 6, operation);
  }
}
