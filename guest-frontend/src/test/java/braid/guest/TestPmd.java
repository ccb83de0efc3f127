package braid.guest;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// DPDK's testpmd with one net_vhost port that sends every frame back as it came: a device we have
/// not written.
final class TestPmd implements AutoCloseable {
  private final Process process;
  private final Path log;

  /// Starts it; it listens at `socket` soon afterwards.
  TestPmd(Path socket, Path log) throws IOException {
    this.log = log;
    if (!onPath("dpdk-testpmd")) {
      throw new AssertionError("dpdk-testpmd is missing: apt-get install dpdk-dev");
    }
    List<String> command =
        List.of(
            "dpdk-testpmd",
            "-l",
            "0,1",
            "--no-huge",
            "-m",
            "128",
            "--no-pci",
            "--no-telemetry",
            "--file-prefix=braid" + ProcessHandle.current().pid(),
            "--vdev",
            "net_vhost0,iface=" + socket + ",queues=1",
            "--",
            "-i",
            "--total-num-mbufs=4096",
            "--nb-cores=1");
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    OutputStream input = process.getOutputStream();
    input.write("set fwd io\nstart\n".getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  private static boolean onPath(String program) {
    return List.of(System.getenv("PATH").split(":")).stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  boolean alive() {
    return process.isAlive();
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  /// Stops all its threads where they stand, without ending it.
  void freeze() throws IOException, InterruptedException {
    Process stop = new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).start();
    if (stop.waitFor() != 0) {
      throw new AssertionError("kill -STOP failed");
    }
    for (int i = 0; !frozen(); i++) {
      if (i == 1000) {
        throw new AssertionError("testpmd does not stop");
      }
      Thread.sleep(5);
    }
  }

  private boolean frozen() throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
      for (Path thread : threads.toList()) {
        String stat = Files.readString(thread.resolve("stat"));
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      }
    }
    return true;
  }

  /// kill -9.
  void kill() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        throw new AssertionError("testpmd does not die");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
