package braid.virtio;

/// The protocol features of vhost-user ("Protocol features"): what front-end and back-end agree on
/// between themselves, unseen by the guest.
public enum ProtocolFeature {
  /// The back-end says how many queues it has.
  MQ(0),
  /// The dirty log comes as a file descriptor.
  LOG_SHMFD(1),
  /// The back-end can send a RARP for the guest.
  RARP(2),
  /// Any request can ask for an acknowledgement.
  REPLY_ACK(3),
  /// The front-end tells the MTU.
  NET_MTU(4),
  /// The back-end has a socket of its own for requests to the front-end.
  BACKEND_REQ(5),
  /// The byte order of legacy rings can be set.
  CROSS_ENDIAN(6),
  /// Crypto sessions.
  CRYPTO_SESSION(7),
  /// Postcopy migration.
  PAGEFAULT(8),
  /// The configuration space is the back-end's.
  CONFIG(9),
  /// The back-end can send file descriptors with its requests.
  BACKEND_SEND_FD(10),
  /// The doorbell of a queue can be mapped into the guest.
  HOST_NOTIFIER(11),
  /// Descriptors in flight are kept in shared memory.
  INFLIGHT_SHMFD(12),
  /// The device can be reset.
  RESET_DEVICE(13),
  /// Kicks and calls as messages.
  INBAND_NOTIFICATIONS(14),
  /// Memory regions come and go one by one.
  CONFIGURE_MEM_SLOTS(15),
  /// The device status is told and asked for.
  STATUS(16),
  /// Memory of Xen.
  XEN_MMAP(17),
  /// Objects are shared between back-ends.
  SHARED_OBJECT(18),
  /// The state of the device can be moved.
  DEVICE_STATE(19),
  /// A ring can be stopped with requests in flight.
  GET_VRING_BASE_INFLIGHT(20),
  /// Rings are named by guest addresses.
  GPA_ADDRESSES(21),
  /// VIRTIO shared memory regions.
  SHMEM(22);

  private final int bit;

  ProtocolFeature(int bit) {
    this.bit = bit;
  }

  /// Its number, 0 to 63.
  public int bit() {
    return bit;
  }

  /// Its bit in a set.
  public long mask() {
    return 1L << bit;
  }

  /// It is in the set.
  public boolean in(long features) {
    return (features & mask()) != 0;
  }

  /// The set of these.
  public static long of(ProtocolFeature... features) {
    long mask = 0;
    for (ProtocolFeature feature : features) {
      mask |= feature.mask();
    }
    return mask;
  }

  /// Checks what a front-end accepted: only what was offered, and INBAND_NOTIFICATIONS only with
  /// BACKEND_REQ and REPLY_ACK ("In-band notifications").
  ///
  /// @throws ProtocolException on the first rule broken; the back-end is to close the connection
  public static void check(long offered, long acked) throws ProtocolException {
    long more = acked & ~offered;
    if (more != 0) {
      throw new ProtocolException(
          "Protocol features", "accepted, but not offered: 0x" + Long.toHexString(more));
    }
    if (INBAND_NOTIFICATIONS.in(acked) && !(BACKEND_REQ.in(acked) && REPLY_ACK.in(acked))) {
      throw new ProtocolException(
          "In-band notifications", "INBAND_NOTIFICATIONS without BACKEND_REQ and REPLY_ACK");
    }
  }
}
