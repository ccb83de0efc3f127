package braid.vm;

/// A program, a guest or a network of the testbed did not do what was asked. The message says what
/// was tried, what happened instead and, where one is known, the remedy.
public final class TestbedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// @param message what was tried and what happened
  public TestbedException(String message) {
    super(message);
  }

  /// @param message what was tried
  /// @param cause what happened
  public TestbedException(String message, Throwable cause) {
    super(message, cause);
  }
}
