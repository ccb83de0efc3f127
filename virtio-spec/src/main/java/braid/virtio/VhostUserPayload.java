package braid.virtio;

/// The shapes of a vhost-user payload ("Payload") and the sizes each may have, bytes.
///
/// ```
///  VRING_STATE    index u32, num u32
///  VRING_ADDR     index u32, flags u32, descriptor u64, used u64, available u64, log u64
///  MEM_TABLE      regions u32, padding u32, { guest u64, size u64, user u64, mmap offset u64 } x n
///  MEM_REGION     padding u64, one region
///  LOG            size u64, offset u64; or one u64 without LOG_SHMFD
///  IOTLB          iova u64, size u64, user u64, permissions u8, type u8; C pads it to 32
///  CONFIG         offset u32, size u32, flags u32, bytes
///  VRING_AREA     index and flags u64, size u64, offset u64
///  INFLIGHT       mmap size u64, mmap offset u64, queues u16, queue size u16; C pads it to 24
///  SHARED_OBJECT  UUID, 16 bytes in network order
///  DEVICE_STATE   direction u32, phase u32
///  MMAP           shmid u8, padding, fd offset u64, shm offset u64, length u64, flags u64
///  SHMEM_CONFIG   regions u32, padding u32, size u64 x 256
///  CRYPTO_SESSION not laid down in the specification
/// ```
/// All numbers in the machine's byte order, which is little-endian here.
public enum VhostUserPayload {
  /// Nothing.
  NONE(0, 0, 1),
  /// One 64-bit number.
  U64(8, 8, 1),
  /// A vring state description, or a vring descriptor index.
  VRING_STATE(8, 8, 1),
  /// A vring address description.
  VRING_ADDR(40, 40, 1),
  /// Multiple memory regions description.
  MEM_TABLE(8, 8 + 8 * 32, 32),
  /// Single memory region description.
  MEM_REGION(40, 40, 1),
  /// Log description.
  LOG(8, 16, 8),
  /// An IOTLB message.
  IOTLB(26, 32, 6),
  /// Virtio device config space.
  CONFIG(12, 12 + Limits.CONFIG_BYTES_MAX, 1),
  /// Vring area description.
  VRING_AREA(24, 24, 1),
  /// Inflight description.
  INFLIGHT(20, 24, 4),
  /// VhostUserShared.
  SHARED_OBJECT(16, 16, 1),
  /// Device state transfer parameters.
  DEVICE_STATE(8, 8, 1),
  /// MMAP request.
  MMAP(40, 40, 1),
  /// VIRTIO Shared Memory Region configuration.
  SHMEM_CONFIG(8 + 256 * 8, 8 + 256 * 8, 1),
  /// Crypto session description.
  CRYPTO_SESSION(0, Limits.MESSAGE_BYTES_MAX, 1);

  private final int min;
  private final int max;
  private final int step;

  VhostUserPayload(int min, int max, int step) {
    this.min = min;
    this.max = max;
    this.step = step;
  }

  /// Fewest bytes.
  public int min() {
    return min;
  }

  /// Most bytes.
  public int max() {
    return max;
  }

  /// A payload of this shape can have so many bytes.
  public boolean fits(int bytes) {
    return bytes >= min && bytes <= max && (bytes - min) % step == 0;
  }
}
