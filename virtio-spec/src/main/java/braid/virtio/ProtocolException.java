package braid.virtio;

/// The peer broke a protocol: its fault, not ours and not the world's. Control path only.
///
/// Who catches it closes that peer's session and says the message; nothing else is affected.
public final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1L;

  /// The clause of the specification that was broken.
  private final String clause;

  /// Makes one.
  ///
  /// @param clause where it is written: a section number of VIRTIO, or a heading of vhost-user
  /// @param detail what the peer did, with the numbers it sent
  public ProtocolException(String clause, String detail) {
    super(detail + " (" + clause + ")");
    this.clause = clause;
  }

  /// The clause of the specification that was broken.
  public String clause() {
    return clause;
  }
}
