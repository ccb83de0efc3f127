package braid.cli.control;

/// The node does not do what an operator asked. The message names the thing and the remedy; nothing
/// has changed.
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Whose turn it is, and which exit code a command ends with.
  public enum Kind {
    /// The request is wrong: a name that does not exist, a value out of range. Exit code 2.
    INVALID,
    /// The request is right, but not now: the last member, a member without carrier. Exit code 1.
    CONFLICT,
    /// The node could not, or not in time. Exit code 1.
    FAILED
  }

  private final Kind kind;

  /// Refuses.
  ///
  /// @param kind    whose turn it is
  /// @param problem what is wrong with which thing, without a full stop
  /// @param remedy  what to do instead, a sentence
  public RefusedException(Kind kind, String problem, String remedy) {
    this(kind, problem + ". " + remedy);
  }

  /// Refuses with a message that is complete.
  ///
  /// @param kind    whose turn it is
  /// @param message problem and remedy
  public RefusedException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /// Whose turn it is.
  public Kind kind() {
    return kind;
  }
}
