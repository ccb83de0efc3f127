package braid.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The command line of a Java child: this JVM, this class path.
final class JavaProcess {
  private JavaProcess() {}

  static List<String> line(Class<?> main, List<String> jvmArgs, String... args) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("--enable-native-access=ALL-UNNAMED");
    line.add("-XX:+UseSerialGC");
    line.addAll(jvmArgs);
    line.add("-cp");
    line.add(System.getProperty("java.class.path"));
    line.add(main.getName());
    line.addAll(List.of(args));
    return line;
  }
}
