package braid.host;

import static braid.virtio.Feature.*;

import braid.port.LinkState;
import braid.virtio.Features;
import braid.virtio.NetConfig;

/// What a guest is offered: the properties of its network card.
///
/// @param mac      MAC address in the low 48 bits, first byte highest
/// @param mtu      largest packet in bytes, 68 to 65535
/// @param features what is offered at most; a subset of [#FEATURES]
public record NetDevice(long mac, int mtu, long features) {
  /// Every feature there is here. A list, never "all": what is not in it was not thought of.
  public static final long FEATURES =
      Features.of(
          VERSION_1,
          CSUM,
          GUEST_CSUM,
          GUEST_TSO4,
          GUEST_TSO6,
          GUEST_ECN,
          HOST_TSO4,
          HOST_TSO6,
          HOST_ECN,
          MRG_RXBUF,
          INDIRECT_DESC,
          EVENT_IDX,
          MAC,
          MTU,
          STATUS,
          CTRL_VQ,
          GUEST_ANNOUNCE,
          ACCESS_PLATFORM,
          PROTOCOL_FEATURES,
          SPEED_DUPLEX);

  /// Those that mean something only to a front-end that reads our configuration space.
  static final long NEED_CONFIG = Features.of(STATUS, CTRL_VQ, GUEST_ANNOUNCE, SPEED_DUPLEX);

  /// Checks the ranges.
  public NetDevice {
    if (mac >>> 48 != 0 || mtu < NetConfig.MTU_MIN || mtu > 0xffff) {
      throw new IllegalArgumentException("mac " + Long.toHexString(mac) + ", mtu " + mtu);
    }
    if ((features & ~FEATURES) != 0 || !VERSION_1.in(features)) {
      throw new IllegalArgumentException(
          "cannot offer " + Features.names(features & ~FEATURES) + ", must offer VERSION_1");
    }
  }

  /// A card with every feature.
  public static NetDevice of(long mac, int mtu) {
    return new NetDevice(mac, mtu, FEATURES);
  }

  /// Its configuration space. A link whose speed is known is full duplex.
  byte[] config(LinkState link, boolean announce, int mtuNow) {
    int status = (link.up() ? NetConfig.LINK_UP : 0) | (announce ? NetConfig.ANNOUNCE : 0);
    boolean known = link.up() && link.speedMbps() > 0;
    return new NetConfig(
            mac,
            status,
            1,
            mtuNow,
            known ? link.speedMbps() : NetConfig.UNKNOWN_SPEED,
            known ? NetConfig.FULL_DUPLEX : NetConfig.UNKNOWN_DUPLEX)
        .encode();
  }
}
