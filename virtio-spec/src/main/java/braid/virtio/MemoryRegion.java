package braid.virtio;

/// A region of the guest's memory ("Memory region description").
///
/// @param guestAddress where the guest sees it
/// @param size         bytes
/// @param userAddress  where the front-end sees it; ring addresses are of this kind
/// @param mmapOffset   where it starts in its file
public record MemoryRegion(long guestAddress, long size, long userAddress, long mmapOffset) {
  /// Bytes on the wire.
  public static final int BYTES = 32;
}
