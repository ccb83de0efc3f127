package braid.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One `dpdk-testpmd`: Debian's stock package, driven by its prompt.
///
/// The main thread and the polling one sit on the same processor (testpmd wants two); the main one
/// sleeps on standard input. Memory is one file, so that the vhost-user memory table stays small.
final class Testpmd implements AutoCloseable {
  /// Huge pages of 2 MiB that one process needs.
  static final int HUGE_PAGES = 64;

  private static final Pattern PROMPT = Pattern.compile("testpmd> ");
  private static final Pattern RX_PPS = Pattern.compile("Rx-pps:\\s+(\\d+)");

  /// The thread of lcore 1, as DPDK 20 to 21, 22 to 23 and 24 name it.
  private static final String POLLER = "(lcore-worker-|rte-worker-|dpdk-worker)1";

  private final Child child;
  private final long poller;

  private Testpmd(Child child, int cpu) {
    this.child = child;
    child.await(PROMPT, 30);
    this.poller = child.pin(POLLER, cpu);
    command("set fwd io");
  }

  /// The device side: net_vhost listening on `socket`.
  static Testpmd netVhost(String socket, int cpu) {
    return new Testpmd(
        Child.start(
            "net_vhost testpmd",
            line(cpu, "net_vhost0,iface=" + socket + ",queues=1", List.of(), List.of())),
        cpu);
  }

  /// The driver side: virtio-user with split mergeable rings of 256, connected to `socket`.
  static Testpmd virtioUser(String socket, int cpu) {
    String vdev =
        "net_virtio_user0,mac=00:11:22:33:44:10,path="
            + socket
            + ",queues=1,queue_size=256,packed_vq=0,mrg_rxbuf=1,in_order=0,vectorized=0";
    return new Testpmd(
        Child.start(
            "virtio-user testpmd",
            line(cpu, vdev, List.of("--log-level=pmd.net.virtio.init:info"), RINGS)),
        cpu);
  }

  private static final List<String> RINGS = List.of("--txd=256", "--rxd=256");

  private static List<String> line(int cpu, String vdev, List<String> eal, List<String> rings) {
    List<String> line = new ArrayList<>();
    String cores = "0@" + cpu + ",1@" + cpu;
    line.addAll(List.of("stdbuf", "-oL", "dpdk-testpmd", "--lcores", cores, "-n", "4"));
    line.addAll(List.of("--no-pci", "--in-memory", "--single-file-segments", "-m", "128"));
    line.addAll(List.of("--no-telemetry", "--vdev", vdev));
    line.addAll(eal);
    line.addAll(List.of("--", "-i", "--total-num-mbufs=16384"));
    line.addAll(rings);
    return line;
  }

  /// Runs one command and waits for the next prompt.
  void command(String command) {
    child.say(command);
    child.await(PROMPT, 10);
  }

  /// Frames received per second since the last call.
  double rxPps() {
    child.say("show port stats 0");
    Matcher matcher = child.await(RX_PPS, 10);
    child.await(PROMPT, 10);
    return Double.parseDouble(matcher.group(1));
  }

  /// Nanoseconds that the polling thread has run.
  long pollerNanos() {
    return child.runNanos(poller);
  }

  @Override
  public void close() {
    try {
      child.say("quit");
    } catch (IllegalStateException e) {
      // It has ended already.
    }
    child.close();
  }
}
