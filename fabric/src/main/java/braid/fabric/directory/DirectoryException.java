package braid.fabric.directory;

/// The directory cannot do what was asked. The message is one line for the operator.
public final class DirectoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// What stands in the way.
  public enum Reason {
    /// Another process has this node's name.
    DUPLICATE_NODE,
    /// The address belongs to another node that is there.
    HELD,
    /// Too few members are there to decide who owns what; it mends itself when they come back.
    NO_MAJORITY,
    /// A limit of the directory is reached.
    FULL,
    /// A file, an address or a certificate that the directory needs cannot be used.
    UNUSABLE,
    /// The directory was closed.
    CLOSED
  }

  /// What stands in the way.
  private final Reason reason;

  /// Made with what the operator needs.
  ///
  /// @param reason  what stands in the way
  /// @param message one line: what, and the remedy where there is one
  public DirectoryException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /// The same with what the system or a library said.
  ///
  /// @param reason  what stands in the way
  /// @param message one line: what, and the remedy where there is one
  /// @param cause   what it was told
  public DirectoryException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /// What stands in the way.
  public Reason reason() {
    return reason;
  }
}
