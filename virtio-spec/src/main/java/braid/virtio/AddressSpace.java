package braid.virtio;

/// The memory a device may use, as the driver names it: guest-physical addresses, or I/O virtual
/// ones behind an IOMMU.
///
/// **Thread**: the one that owns the [DeviceQueue]; an implementation changes only between two of
/// its calls.
public interface AddressSpace {
  /// The whole range is there and was appended.
  int OK = 0;

  /// Some of the range is not memory, or may not be written: the driver's fault.
  int FAULT = -1;

  /// Some of the range is not known yet: asked for, and to be tried again later. What was appended
  /// is void.
  int MISS = -2;

  /// Turns a range into native memory.
  ///
  /// On [#OK] the pieces appended with [Chain#append] are together exactly `length` bytes, in
  /// order, and stay valid until the chain is completed. On [#MISS] the implementation has called
  /// [Chain#miss] with the first address it does not know. It never reads or writes the memory
  /// itself.
  ///
  /// @param address where the range starts; `address + length` does not wrap
  /// @param length  bytes, 1 to [Limits#CHAIN_BYTES_MAX]
  /// @param write   the device wants to write to it
  /// @param into    gets the pieces
  /// @return [#OK], [#FAULT] or [#MISS]
  int translate(long address, int length, boolean write, Chain into);
}
