package braid.vm;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.WriterConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `./dev demo` and `./dev vm` run.
///
/// Exit status: 0 all went well, 1 it did not, 2 wrong arguments.
public final class Demo {
  private static final String USAGE =
      """
      usage: ./dev demo [failover] [--json FILE] [--rounds N] [--tcp MB] [--guest OPTION]...
             ./dev demo cluster [--json FILE] [--seconds N | --short]
        failover        the bond in an emulated guest over two nodes
        cluster         the bond of three nodes' NICs below an unmodified guest
        --json FILE     write the results there as well
        --rounds N      faults of each kind that count, 1 to 1000 (default 5)
        --tcp MB        what each TCP stream carries at least, at 1 MB/s (default 105)
        --guest OPTION  one more option of `braid guest` in the machine; may be repeated
        --seconds N     how long each throughput figure is measured, 1 to 1000 (default 10)
        --short         each kind of fault once, one throughput figure
      """;

  private Demo() {}

  /// Runs a demo.
  ///
  /// @param args as [#USAGE] says
  public static void main(String[] args) throws IOException {
    int status;
    try {
      status = run(args);
    } catch (IllegalArgumentException e) {
      System.err.println("demo: " + e.getMessage());
      System.err.print(USAGE);
      status = 2;
    } catch (TestbedException e) {
      System.err.println("demo: " + e.getMessage());
      status = 1;
    }
    System.exit(status);
  }

  private static int run(String[] args) throws IOException {
    List<String> guestOptions = new ArrayList<>();
    Path json = null;
    int rounds = 5;
    int seconds = 10;
    boolean brief = false;
    int megabytes = FailoverDemo.TCP_MEGABYTES;
    String name = "failover";
    for (int i = 0; i < args.length; i++) {
      String value = i + 1 < args.length ? args[i + 1] : null;
      switch (args[i]) {
        case "failover", "cluster", "vm" -> name = args[i];
        case "--json" -> json = Path.of(needed(args[i++], value));
        case "--guest" -> guestOptions.add(needed(args[i++], value));
        case "--rounds" -> rounds = number(args[i++], value);
        case "--seconds" -> seconds = number(args[i++], value);
        case "--tcp" -> megabytes = number(args[i++], value);
        case "--short" -> brief = true;
        case "--help", "-h" -> {
          System.out.print(USAGE);
          return 0;
        }
        default -> throw usage("unknown argument '" + args[i] + "'");
      }
    }
    Path logs = Path.of("target", name + "-logs");
    if (name.equals("vm")) {
      return VmDemo.run(logs, guestOptions);
    }
    if (name.equals("cluster")) {
      ClusterDemo.Extent extent =
          brief ? ClusterDemo.Extent.SHORT : ClusterDemo.Extent.full(seconds);
      JsonObject result = new ClusterDemo(System.out, extent).run(logs);
      write(json, result);
      return result.getBoolean("ok", false) ? 0 : 1;
    }
    JsonObject result = new FailoverDemo(System.out, megabytes).run(logs, rounds, guestOptions);
    write(json, result);
    return result.get("tcp").asObject().getBoolean("sha256_equal", false) ? 0 : 1;
  }

  private static void write(@Nullable Path json, JsonObject result) throws IOException {
    if (json != null) {
      Files.writeString(
          json, result.toString(WriterConfig.PRETTY_PRINT) + "\n", StandardCharsets.UTF_8);
      System.out.println("wrote " + json);
    }
  }

  private static String needed(String option, @Nullable String value) {
    if (value == null) {
      throw usage(option + " needs a value");
    }
    return value;
  }

  private static int number(String option, @Nullable String value) {
    String text = needed(option, value);
    if (!text.matches("[0-9]{1,4}")
        || Integer.parseInt(text) < 1
        || Integer.parseInt(text) > 1000) {
      throw usage(option + " is 1 to 1000, not " + text);
    }
    return Integer.parseInt(text);
  }

  private static IllegalArgumentException usage(String problem) {
    return new IllegalArgumentException(problem);
  }
}
