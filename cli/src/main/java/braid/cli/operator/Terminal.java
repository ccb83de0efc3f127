package braid.cli.operator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether a person looks at standard output.
///
/// Asked of /proc: `System.console()` loads a line editor, and answers for input and output at
/// once.
final class Terminal {
  private Terminal() {}

  /// Standard output is a terminal.
  static boolean present() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /// It shows colours, and its user wants them: NO_COLOR is not set (no-color.org), TERM is not
  /// `dumb`.
  static boolean colours() {
    String unwanted = System.getenv("NO_COLOR");
    return (unwanted == null || unwanted.isEmpty())
        && !"dumb".equals(System.getenv("TERM"))
        && present();
  }
}
