package braid.guest;

import braid.virtio.Feature;

/// What work on a frame its sender may leave to the device (VIRTIO 1.3, 5.1.6.2).
///
/// @param checksum the device completes partial checksums
/// @param tso4     it segments TCP over IPv4
/// @param tso6     it segments TCP over IPv6
/// @param ecn      it segments TCP with congestion notification
public record Offloads(boolean checksum, boolean tso4, boolean tso6, boolean ecn) {
  /// Everything: what the members of an empty bond agree on.
  public static final Offloads ALL = new Offloads(true, true, true, true);

  /// What these feature bits say.
  public static Offloads of(long features) {
    return new Offloads(
        Feature.CSUM.in(features),
        Feature.HOST_TSO4.in(features),
        Feature.HOST_TSO6.in(features),
        Feature.HOST_ECN.in(features));
  }

  /// What both can do.
  public Offloads and(Offloads other) {
    return new Offloads(
        checksum && other.checksum, tso4 && other.tso4, tso6 && other.tso6, ecn && other.ecn);
  }
}
