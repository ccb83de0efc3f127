package braid.cli;

/// The operator's input is wrong. The message is one line: where, what, and the remedy; the process
/// exits with 2 and has
/// changed nothing.
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Made with all that the operator needs to mend it.
  ///
  /// @param where   file and line, or the option as it was given
  /// @param problem what is wrong with which key
  /// @param remedy  what to write instead
  public ConfigException(String where, String problem, String remedy) {
    super(where + ": " + problem + ". " + remedy);
  }
}
