package braid.bench;

import braid.vm.Child;
import braid.vm.FailoverScene;
import braid.vm.Namespace;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A DPDK application in the place of a guest: testpmd forwards between virtio-user and net_tap,
/// and the traffic's end is in a namespace behind the latter. It polls a whole processor.
final class DpdkApplication implements End {
  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final String MAC = FailoverScene.mac();

  private final Child testpmd;
  private final UdpProbe probe;

  /// Starts it, and the traffic.
  ///
  /// @param prefix of the names of its namespace and processes
  /// @param lan    where the traffic's other end is
  /// @param port   of the traffic
  /// @param setup  what it has and says
  DpdkApplication(Testbed testbed, String prefix, Namespace lan, int port, Setup setup) {
    Namespace space = testbed.namespace(prefix + "app");
    List<String> command = new ArrayList<>(List.of("stdbuf", "-oL", "dpdk-testpmd"));
    command.addAll(List.of("--lcores", "0@0,1@1", "--no-huge", "-m", "256", "--no-pci"));
    command.addAll(List.of("--no-telemetry", "--file-prefix=braid-" + prefix));
    setup.devices.forEach(device -> command.addAll(List.of("--vdev", device)));
    command.addAll(List.of("--", "-i", "--portmask=" + setup.portMask, "--nb-cores=1"));
    command.addAll(List.of("--total-num-mbufs=8192", "--forward-mode=io"));
    testpmd = testbed.start(prefix + "testpmd", space, command);
    testpmd.console().await(Pattern.compile("Done|Press enter|testpmd>"), WAIT);
    setup.commands.forEach(this::say);
    say("start");
    space.address("dtap0", FailoverScene.GUEST + "/24");
    space.ip("link", "set", "dtap0", "up");
    probe =
        UdpProbe.start(
            testbed, prefix + "udp", space, lan, FailoverScene.GUEST, FailoverScene.PEER, port);
  }

  /// What an application has.
  ///
  /// @param devices  for `--vdev`, in the order of their port numbers
  /// @param portMask of the two between which it forwards
  /// @param commands before it starts
  record Setup(List<String> devices, String portMask, List<String> commands) {
    /// One interface of a back-end that listens.
    static Setup over(Path socket) {
      return new Setup(List.of(port(0, socket), tap()), "0x3", List.of());
    }

    /// net_bonding, mode 1, its primary the first of two back-ends that connect. It is the server,
    /// so that a back-end that was killed can be replaced.
    static Setup bonding(Path first, Path second) {
      return new Setup(
          List.of(
              port(0, first) + ",server=1",
              port(1, second) + ",server=1",
              tap(),
              "net_bonding0,mode=1,slave=net_virtio_user0,slave=net_virtio_user1,"
                  + "primary=net_virtio_user0"),
          "0xc",
          List.of("set bonding mon_period 3 10"));
    }

    private static String port(int number, Path socket) {
      return "net_virtio_user%d,mac=%s,path=%s,queues=1,queue_size=256"
          .formatted(number, MAC, socket);
    }

    /// With the guest's address from the start: the kernel speaks first, and who speaks first is
    /// who a node then takes the guest to be.
    private static String tap() {
      return "net_tap0,iface=dtap0,mac=" + MAC;
    }
  }

  private void say(String command) {
    try {
      testpmd.input().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
      testpmd.input().flush();
    } catch (IOException e) {
      throw new UncheckedIOException("testpmd is gone", e);
    }
  }

  @Override
  public UdpProbe probe() {
    return probe;
  }

  @Override
  public void pause() {
    probe.pause();
    testpmd.signal("STOP");
  }

  @Override
  public void resume() {
    testpmd.signal("CONT");
    probe.resume();
  }

  @Override
  public void close() {
    testpmd.close();
  }
}
