package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The committed bindings against what the C compiler makes of the same headers: every constant,
/// every struct's size, every member's offset and size. The list is the generator's own.
class LayoutTest {
  private static final Path BINDINGS = Path.of("bindings");
  private static final String PACKAGE = "braid.kernel.jextract.";

  /// Expression in C, value in Java.
  private final Map<String, Long> ours = new TreeMap<>();

  @Test
  void bindingsSayWhatTheCompilerSays(@TempDir Path work) throws Exception {
    for (String line : Files.readAllLines(BINDINGS.resolve("includes.args"))) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("--include-constant")) {
        constant(words[1]);
      } else if (words[0].equals("--include-struct")) {
        struct(words[1]);
      }
    }
    assertThat(ours).hasSizeGreaterThan(300);
    assertThat(theirs(work)).isEqualTo(ours);
  }

  private void constant(String name) throws ReflectiveOperationException {
    Number value = (Number) Class.forName(PACKAGE + "Sys").getMethod(name).invoke(null);
    ours.put("(long long)(" + name + ")", value.longValue());
  }

  private void struct(String name) throws ReflectiveOperationException {
    GroupLayout layout =
        (GroupLayout) Class.forName(PACKAGE + name).getMethod("layout").invoke(null);
    ours.put("(long long)sizeof(struct " + name + ")", layout.byteSize());
    members("struct " + name, layout, "", 0);
  }

  /// Members of anonymous structs and unions are reached in C as if they were the parent's.
  private void members(String type, GroupLayout group, String prefix, long base) {
    for (MemoryLayout member : group.memberLayouts()) {
      if (member.name().isEmpty()) {
        continue;
      }
      String name = member.name().get();
      long offset = base + group.byteOffset(PathElement.groupElement(name));
      boolean anonymous = name.startsWith("$anon");
      if (!anonymous) {
        String path = prefix + name;
        ours.put("(long long)offsetof(" + type + ", " + path + ")", offset);
        if (member.byteSize() > 0) {
          ours.put("(long long)sizeof(((" + type + "*)0)->" + path + ")", member.byteSize());
        }
      }
      if (member instanceof GroupLayout inner) {
        members(type, inner, anonymous ? prefix : prefix + name + ".", offset);
      }
    }
  }

  private Map<String, Long> theirs(Path work) throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    lines.add("#include \"" + BINDINGS.resolve("sys.h").toAbsolutePath() + "\"");
    lines.add("#include <stddef.h>");
    lines.add("#include <stdio.h>");
    lines.add("int main(void) {");
    for (String expression : ours.keySet()) {
      lines.add("  printf(\"%s=%lld\\n\", \"" + expression + "\", " + expression + ");");
    }
    lines.add("  return 0;");
    lines.add("}");
    Path source = work.resolve("probe.c");
    Path program = work.resolve("probe");
    Files.write(source, lines);
    run(List.of("gcc", "-o", program.toString(), source.toString()));
    Map<String, Long> values = new TreeMap<>();
    for (String line : run(List.of(program.toString())).lines().toList()) {
      int at = line.lastIndexOf('=');
      values.put(line.substring(0, at), Long.parseLong(line.substring(at + 1)));
    }
    return values;
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new AssertionError(
          "needs " + command.getFirst() + ": apt-get install gcc libc6-dev linux-libc-dev", e);
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    return out;
  }
}
