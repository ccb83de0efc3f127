package braid.virtio;

/// Every limit of this module, in one place.
public final class Limits {
  /// Most entries of a split virtqueue (VIRTIO 2.7).
  public static final int QUEUE_SIZE_MAX = 32_768;

  /// Most bytes of one descriptor chain that the device half takes. The specification allows 2^32
  /// (2.7.5.2); no virtio-net frame comes near, and the lengths of a [Chain] are ints.
  public static final int CHAIN_BYTES_MAX = Integer.MAX_VALUE;

  /// Most bytes of a vhost-user payload we read: the largest defined one is the SHMEM
  /// configuration, 8 + 256 * 8.
  public static final int MESSAGE_BYTES_MAX = 4096;

  /// Most file descriptors in one vhost-user message ("Multiple Memory regions description": 8
  /// regions).
  public static final int MESSAGE_FDS_MAX = 8;

  /// Most bytes of a virtio device's configuration space in one message (QEMU:
  /// VHOST_USER_MAX_CONFIG_SIZE).
  public static final int CONFIG_BYTES_MAX = 256;

  /// Most PCI capabilities walked in a function's list: a 256-byte configuration space has no place
  /// for more.
  public static final int PCI_CAPABILITIES_MAX = 48;

  private Limits() {}
}
