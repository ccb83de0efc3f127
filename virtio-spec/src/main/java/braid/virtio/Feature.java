package braid.virtio;

/// The feature bits of a virtio-net device, its rings and its transports (VIRTIO 5.1.3, 6), and the
/// three that vhost and vhost-user take from the same number space (24 to 41 are for the rings, 30
/// is "PROTOCOL_FEATURES" of vhost-user).
///
/// Bits from 64 on do not fit into the 64-bit messages of vhost-user; they have names here and no
/// [#mask].
public enum Feature {
  /// The device finishes partial checksums.
  CSUM(0),
  /// The driver takes partial checksums.
  GUEST_CSUM(1),
  /// Offloads can be changed through the control queue.
  CTRL_GUEST_OFFLOADS(2),
  /// The configuration space has the MTU.
  MTU(3),
  /// The configuration space has the MAC address.
  MAC(5),
  /// Legacy: any GSO type.
  GSO(6),
  /// The driver takes TCP/IPv4 GSO frames.
  GUEST_TSO4(7),
  /// The driver takes TCP/IPv6 GSO frames.
  GUEST_TSO6(8),
  /// The driver takes GSO frames with ECN.
  GUEST_ECN(9),
  /// The driver takes UDP fragmentation GSO frames.
  GUEST_UFO(10),
  /// The device takes TCP/IPv4 GSO frames.
  HOST_TSO4(11),
  /// The device takes TCP/IPv6 GSO frames.
  HOST_TSO6(12),
  /// The device takes GSO frames with ECN.
  HOST_ECN(13),
  /// The device takes UDP fragmentation GSO frames.
  HOST_UFO(14),
  /// A received frame may be spread over several chains.
  MRG_RXBUF(15),
  /// The configuration space has the link status.
  STATUS(16),
  /// There is a control queue.
  CTRL_VQ(17),
  /// Receive modes through the control queue.
  CTRL_RX(18),
  /// VLAN filter through the control queue.
  CTRL_VLAN(19),
  /// More receive modes through the control queue.
  CTRL_RX_EXTRA(20),
  /// The driver announces itself when asked.
  GUEST_ANNOUNCE(21),
  /// Several queue pairs.
  MQ(22),
  /// The MAC address can be set through the control queue.
  CTRL_MAC_ADDR(23),
  /// Legacy: a call when the device runs out of chains.
  NOTIFY_ON_EMPTY(24),
  /// vhost: dirty pages are logged.
  LOG_ALL(26),
  /// Legacy: header and data in any layout of descriptors.
  ANY_LAYOUT(27),
  /// Indirect descriptors.
  INDIRECT_DESC(28),
  /// Event indices instead of flags.
  EVENT_IDX(29),
  /// vhost-user: there are protocol features.
  PROTOCOL_FEATURES(30),
  /// Not a legacy device.
  VERSION_1(32),
  /// Addresses are translated, by an IOMMU for instance.
  ACCESS_PLATFORM(33),
  /// Packed virtqueues.
  RING_PACKED(34),
  /// Chains are used in the order they were offered.
  IN_ORDER(35),
  /// Memory order as the platform has it for devices.
  ORDER_PLATFORM(36),
  /// Single root I/O virtualization.
  SR_IOV(37),
  /// Kicks carry the queue's position.
  NOTIFICATION_DATA(38),
  /// Kicks carry a number that the device chose.
  NOTIF_CONFIG_DATA(39),
  /// One queue can be reset alone.
  RING_RESET(40),
  /// Administration queues.
  ADMIN_VQ(41),
  /// The device can be suspended.
  SUSPEND(43),
  /// Statistics through the control queue.
  DEVICE_STATS(50),
  /// Hash over inner headers.
  HASH_TUNNEL(51),
  /// Notification coalescing per queue.
  VQ_NOTF_COAL(52),
  /// Notification coalescing.
  NOTF_COAL(53),
  /// The driver takes UDP/IPv4 segmentation GSO frames.
  GUEST_USO4(54),
  /// The driver takes UDP/IPv6 segmentation GSO frames.
  GUEST_USO6(55),
  /// The device takes UDP segmentation GSO frames.
  HOST_USO(56),
  /// The header carries the hash.
  HASH_REPORT(57),
  /// hdr_len is exact.
  GUEST_HDRLEN(59),
  /// Receive-side scaling.
  RSS(60),
  /// Coalesced segments are counted in the header.
  RSC_EXT(61),
  /// The device stands by for another with the same MAC.
  STANDBY(62),
  /// The configuration space has speed and duplex.
  SPEED_DUPLEX(63),
  /// Several RSS contexts.
  RSS_CONTEXT(64),
  /// The driver takes GSO frames in a UDP tunnel.
  GUEST_UDP_TUNNEL_GSO(65),
  /// The same with the outer checksum unfinished.
  GUEST_UDP_TUNNEL_GSO_CSUM(66),
  /// The device takes GSO frames in a UDP tunnel.
  HOST_UDP_TUNNEL_GSO(67),
  /// The same with the outer checksum unfinished.
  HOST_UDP_TUNNEL_GSO_CSUM(68),
  /// The header carries the offset of the outer network header.
  OUT_NET_HEADER(69),
  /// IPsec in the device.
  IPSEC(70);

  private final int bit;

  Feature(int bit) {
    this.bit = bit;
  }

  /// Its number, 0 to 127.
  public int bit() {
    return bit;
  }

  /// Its bit in the low 64.
  ///
  /// @throws IllegalStateException for a bit from 64 on
  public long mask() {
    if (bit >= Long.SIZE) {
      throw new IllegalStateException(this + " is bit " + bit + ", not among the low 64");
    }
    return 1L << bit;
  }

  /// It is set in `features`; a bit from 64 on never is.
  public boolean in(long features) {
    return bit < Long.SIZE && (features >>> bit & 1) != 0;
  }
}
