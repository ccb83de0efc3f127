package braid.guest;

import braid.virtio.DeviceStatus;
import braid.virtio.Feature;
import braid.virtio.Features;

/// Which features this driver takes, and how it tells the device (VIRTIO 1.3, 3.1.1 steps 4 to 6).
final class Negotiation {
  /// What this driver can do; it takes of it what the device offers.
  static final long DRIVER_FEATURES =
      Features.of(
          Feature.VERSION_1,
          Feature.ACCESS_PLATFORM,
          Feature.MAC,
          Feature.STATUS,
          Feature.MTU,
          Feature.CSUM,
          Feature.GUEST_CSUM,
          Feature.HOST_TSO4,
          Feature.HOST_TSO6,
          Feature.HOST_ECN,
          Feature.GUEST_TSO4,
          Feature.GUEST_TSO6,
          Feature.GUEST_ECN,
          Feature.MRG_RXBUF,
          Feature.INDIRECT_DESC,
          Feature.EVENT_IDX);

  /// What makes no sense without merged receive buffers: ours hold 4 KiB.
  private static final long MERGING_ONLY =
      Features.of(Feature.GUEST_TSO4, Feature.GUEST_TSO6, Feature.GUEST_ECN, Feature.MTU);

  private Negotiation() {}

  /// Agrees with the device, up to FEATURES_OK.
  ///
  /// @return the feature bits in use
  /// @throws TransportException when the device lacks what we need, or refuses
  static long agree(VirtioTransport transport) {
    long offered = transport.deviceFeatures();
    long required = Feature.VERSION_1.mask() | transport.requiredFeatures();
    if ((offered & required) != required) {
      throw new TransportException(
          transport.name()
              + " does not offer "
              + Features.names(required & ~offered)
              + "; QEMU: -device virtio-net-pci,disable-legacy=on,iommu_platform=on,ats=on");
    }
    long taken = chosen(offered);
    transport.driverFeatures(taken);
    transport.status(DeviceStatus.FEATURES_OK.bits());
    if ((transport.status() & DeviceStatus.FEATURES_OK_BIT) == 0) {
      throw new TransportException(
          transport.name() + " refuses the features " + Features.names(taken));
    }
    return taken;
  }

  /// What we take of what is offered: no bit without those it depends on (VIRTIO 1.3, 5.1.3.1).
  static long chosen(long offered) {
    long wanted = offered & DRIVER_FEATURES;
    return Features.reduce(Feature.MRG_RXBUF.in(offered) ? wanted : wanted & ~MERGING_ONLY);
  }
}
