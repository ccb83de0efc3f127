package braid.virtio;

/// What a peer can do wrong to a ring, one constant per cause, so that counters can be kept by
/// cause.
///
/// The first group is the driver's fault and found by [DeviceQueue], the second the device's, found
/// by [DriverQueue].
public enum RingFault {
  /// Nothing is wrong.
  NONE("-"),

  /// The available index moved by more than the queue has free entries.
  AVAIL_INDEX_JUMP("2.7.13.3"),
  /// The available index went back.
  AVAIL_INDEX_WENT_BACK("2.7.6.1"),
  /// The available ring names a descriptor outside the table.
  HEAD_OUT_OF_RANGE("2.7.6"),
  /// The available ring names a head that the device still has.
  HEAD_ALREADY_TAKEN("2.7.13"),
  /// A descriptor's next lies outside the table.
  NEXT_OUT_OF_RANGE("2.7.5"),
  /// The descriptors of a chain go in a circle.
  DESCRIPTOR_LOOP("2.7.5.2"),
  /// A chain has more descriptors than the queue size.
  CHAIN_TOO_LONG("2.7.5.3.1"),
  /// A chain has more bytes than [Limits#CHAIN_BYTES_MAX].
  CHAIN_TOO_MANY_BYTES("2.7.5.2"),
  /// A chain lies in more pieces of memory than the caller's [Chain] can carry.
  CHAIN_TOO_MANY_PIECES("2.7.4"),
  /// A descriptor of no bytes.
  ZERO_LENGTH("2.7.5"),
  /// Address plus length goes past 2^64.
  ADDRESS_WRAPS("2.7.5"),
  /// A buffer lies outside the memory the device may use.
  ADDRESS_OUTSIDE_MEMORY("2.7.5"),
  /// A device-readable descriptor after a device-writable one.
  READABLE_AFTER_WRITABLE("2.7.4.2"),
  /// An indirect descriptor without the feature.
  INDIRECT_NOT_NEGOTIATED("2.7.5.3.1"),
  /// An indirect descriptor in an indirect table.
  INDIRECT_INSIDE_INDIRECT("2.7.5.3.1"),
  /// INDIRECT and NEXT in one descriptor.
  INDIRECT_WITH_NEXT("2.7.5.3.1"),
  /// An indirect table of no bytes.
  INDIRECT_LENGTH_ZERO("2.7.5.3"),
  /// An indirect table whose length is no multiple of 16.
  INDIRECT_LENGTH_NOT_MULTIPLE_OF_16("2.7.5.3"),
  /// An indirect table with more entries than the queue size.
  INDIRECT_TOO_LONG("2.7.5.3.1"),
  /// A next inside an indirect table that lies outside it.
  INDIRECT_NEXT_OUT_OF_RANGE("2.7.5.3"),
  /// The descriptors of an indirect table go in a circle.
  INDIRECT_LOOP("2.7.5.2"),
  /// An indirect table that lies outside the memory the device may use.
  INDIRECT_OUTSIDE_MEMORY("2.7.5.3"),

  /// The used index moved by more than there are chains outstanding.
  USED_INDEX_JUMP("2.7.8"),
  /// The used ring names a descriptor outside the table.
  USED_ID_OUT_OF_RANGE("2.7.8"),
  /// The used ring names a head that was not offered, or twice.
  USED_ID_NOT_OUTSTANDING("2.7.8"),
  /// The device says it wrote more bytes than the chain can be written.
  USED_LENGTH_TOO_LONG("2.7.8.2");

  private final String clause;

  RingFault(String clause) {
    this.clause = clause;
  }

  /// The section of VIRTIO that says so.
  public String clause() {
    return clause;
  }
}
