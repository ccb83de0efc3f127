package braid.vm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How `braid` is started on the host: the application directory that `./dev build` made (system
/// property `braid.app`), or
/// the classes that this JVM itself runs, so that a test tests what was just compiled.
public final class BraidProgram {
  private BraidProgram() {}

  /// The command line of `braid ARGUMENTS`.
  public static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    String app = System.getProperty("braid.app");
    if (app != null) {
      command.add(Path.of(app, "bin", "braid").toAbsolutePath().toString());
    } else {
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-Xmx96m",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              "braid.cli.Braid"));
    }
    command.addAll(List.of(arguments));
    return command;
  }
}
