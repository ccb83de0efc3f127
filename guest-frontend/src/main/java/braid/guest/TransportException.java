package braid.guest;

/// The device at the other end cannot be used: it lacks what we need, breaks the specification or
/// has gone away. Control path only; the message says what to do.
public final class TransportException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// With what is wrong and the remedy.
  public TransportException(String message) {
    super(message);
  }

  /// With what is wrong, the remedy and what it came from.
  public TransportException(String message, Throwable cause) {
    super(message, cause);
  }
}
