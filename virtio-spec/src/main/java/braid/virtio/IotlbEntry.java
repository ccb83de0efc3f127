package braid.virtio;

/// An IOTLB message ("An IOTLB message").
///
/// @param iova        I/O virtual address, as the guest programs it
/// @param size        bytes; unused in a miss
/// @param userAddress where the front-end sees it; only in an update
/// @param permissions [#READ], [#WRITE], both or none
/// @param type        what it says
public record IotlbEntry(long iova, long size, long userAddress, int permissions, Type type) {
  /// Permission: the device may read.
  public static final int READ = 1;

  /// Permission: the device may write.
  public static final int WRITE = 2;

  /// What an IOTLB message says.
  public enum Type {
    /// The back-end wants a translation.
    MISS(1),
    /// The front-end gives one.
    UPDATE(2),
    /// The front-end takes some back.
    INVALIDATE(3),
    /// The back-end was refused access.
    ACCESS_FAIL(4);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    /// The number on the wire, 1 to 4.
    public int code() {
      return code;
    }
  }
}
