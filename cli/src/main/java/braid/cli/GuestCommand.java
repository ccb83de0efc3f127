package braid.cli;

import braid.ssi.ArpTarget;
import braid.ssi.BondConfig;
import braid.ssi.CcmInterval;
import braid.ssi.Continuity;
import braid.ssi.Monitor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `braid guest`: takes this machine's virtio NICs from the kernel and gives it one interface in
/// return, until SIGTERM.
@Command(
    name = "guest",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Makes one interface, ssi0, of all virtio NICs of this virtual machine.",
    footer = {
      "",
      "Example:",
      "  braid guest --arp-target 10.0.0.1",
      "",
      "The members are named n0, n1, ... in the order of their PCI addresses. Needs an IOMMU (QEMU:",
      "-device intel-iommu, NICs with iommu_platform=on,ats=on; kernel: intel_iommu=on) and the",
      "modules vfio-pci and tun. On SIGTERM the NICs go back to the kernel's driver."
    })
final class GuestCommand implements Callable<Integer> {
  @Option(
      names = "--nic",
      paramLabel = "ADDRESS",
      description =
          "PCI address of a NIC to take, such as 0000:00:02.0; repeatable. Default: every virtio NIC.")
  private List<String> nics = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "IFNAME",
      description = "Name of the interface; default ssi0.")
  private String name = "ssi0";

  @Option(
      names = "--primary",
      paramLabel = "MEMBER",
      description =
          "Member that is used whenever it is healthy; default n0. 'none': stay where you are.")
  private String primary = "n0";

  @Option(
      names = "--ccm",
      paramLabel = "INTERVAL",
      description =
          "Continuity check interval: 3.33ms, 10ms, 100ms or 1s; default ${DEFAULT-VALUE}. A path is dead after 3.5 of them.",
      defaultValue = "10ms")
  private String ccm = "10ms";

  @Option(
      names = "--arp-target",
      paramLabel = "IPV4",
      description =
          "Host on the LAN, such as the gateway, that must answer ARP through each member.")
  private @Nullable String arpTarget;

  @Option(
      names = "--arp-interval",
      paramLabel = "MS",
      description =
          "Milliseconds between two ARP probes, 1-60000; default 10. A path is dead after 3.5 of them.")
  private int arpInterval = 10;

  @Option(
      names = "--hold",
      paramLabel = "MS",
      description =
          "How long a member must be healthy after a failure before it is used again, 0-3600000; default 500.")
  private int hold = 500;

  @Option(
      names = "--hold-max",
      paramLabel = "MS",
      description =
          "What the hold time grows to at most, doubling each time a member fails within 5 s after"
              + " coming up; default 30000.")
  private int holdMax = 30_000;

  @Option(
      names = "--spin",
      paramLabel = "MICROSECONDS",
      description = "How long to look for more work before sleeping, 0-1000000; default 0.")
  private int spin;

  @Override
  public Integer call() throws InterruptedException {
    GuestStack.Options options = options();
    CountDownLatch end = new CountDownLatch(1);
    Shutdown.finishThisThreadFirst(end::countDown);
    try (GuestStack stack = GuestStack.start(options, end::countDown)) {
      end.await();
      return stack.failed() ? 1 : 0;
    }
  }

  private GuestStack.Options options() {
    if (name.length() > 15 || !name.matches("[^\\s/:%]+")) {
      throw new ConfigException(
          "--name " + name, "no interface name", "1 to 15 characters, none of space / : %");
    }
    range("--spin", spin, 0, 1_000_000);
    range("--hold", hold, 0, 3_600_000);
    range("--hold-max", holdMax, 0, 3_600_000);
    range("--arp-interval", arpInterval, 1, 60_000);
    List<Monitor> monitors = new ArrayList<>();
    monitors.add(Continuity.GUEST.every(interval()));
    if (arpTarget != null) {
      monitors.add(target(arpTarget));
    }
    long holdNanos = hold * 1_000_000L;
    BondConfig bond =
        BondConfig.DEFAULT
            .withMonitors(monitors)
            .withPrimary(primary.equals("none") ? "" : primary)
            .withHold(
                holdNanos,
                Math.max(holdNanos, holdMax * 1_000_000L),
                BondConfig.DEFAULT.health().flapNanos());
    return new GuestStack.Options(name, List.copyOf(nics), bond, spin * 1_000L);
  }

  private CcmInterval interval() {
    return switch (ccm) {
      case "3.33ms" -> CcmInterval.MS_3_33;
      case "10ms" -> CcmInterval.MS_10;
      case "100ms" -> CcmInterval.MS_100;
      case "1s" -> CcmInterval.S_1;
      default ->
          throw new ConfigException(
              "--ccm " + ccm, "no interval of 802.1ag", "Choose 3.33ms, 10ms, 100ms or 1s");
    };
  }

  private ArpTarget target(String text) {
    try {
      return new ArpTarget(ArpTarget.parse(text), arpInterval * 1_000_000L, 3);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(
          "--arp-target " + text, String.valueOf(e.getMessage()), "Give a host such as 10.0.0.1");
    }
  }

  private static void range(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw new ConfigException(option + " " + value, "out of range", "Give " + min + " to " + max);
    }
  }
}
