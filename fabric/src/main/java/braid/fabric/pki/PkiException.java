package braid.fabric.pki;

/// A certificate or a key cannot be made, read or used. The message is one line: which, what is
/// wrong with it, and the remedy.
public final class PkiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Made with all that the operator needs to mend it.
  ///
  /// @param where   file, or the name as it was given
  /// @param problem what is wrong with it
  /// @param remedy  what to do instead
  public PkiException(String where, String problem, String remedy) {
    super(where + ": " + problem + ". " + remedy);
  }
}
