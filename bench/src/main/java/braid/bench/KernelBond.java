package braid.bench;

import braid.vm.FailoverScene;
import braid.vm.Guest;
import braid.vm.QemuVm;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import com.eclipsesource.json.JsonObject;
import java.util.EnumSet;
import java.util.Set;

/// The kernel's bonding driver, active-backup with a primary, in an emulated guest with its stock
/// virtio_net over the same two nodes.
final class KernelBond implements Contender {
  private static final int PORT = 5200;

  private final String name;
  private final boolean arp;
  private final QemuVm vm;
  private final FailoverScene scene;
  private final SceneFaults faults;
  private final UdpProbe probe;

  /// Starts it with one of the two monitors; the other interval is 0.
  ///
  /// @param miimon      milliseconds between two looks at the carrier
  /// @param arpInterval milliseconds between two ARP probes
  KernelBond(Testbed testbed, String name, int miimon, int arpInterval) {
    this.name = name;
    arp = arpInterval > 0;
    String prefix = "kb" + (arp ? "a" + arpInterval : "m" + miimon) + "-";
    scene = FailoverScene.start(testbed, prefix, "");
    faults = new SceneFaults(scene);
    vm = scene.stockMachine(prefix + "vm").start(testbed);
    vm.awaitReady(Guest.BOOT);
    vm.check(
        """
        modprobe bonding max_bonds=0
        echo +bond0 > /sys/class/net/bonding_masters
        cd /sys/class/net/bond0/bonding
        echo active-backup > mode
        %s
        ip link set eth0 down
        ip link set eth1 down
        echo +eth0 > slaves
        echo +eth1 > slaves
        echo eth0 > primary
        ip link set bond0 up
        ip address add %s/24 dev bond0
        """
            .formatted(
                arp
                    ? "echo %d > arp_interval; echo +%s > arp_ip_target; echo all > arp_validate"
                        .formatted(arpInterval, FailoverScene.PEER)
                    : "echo " + miimon + " > miimon",
                FailoverScene.GUEST));
    probe =
        UdpProbe.start(
            testbed,
            prefix + "udp",
            vm,
            scene.lan().namespace(),
            FailoverScene.GUEST,
            FailoverScene.PEER,
            PORT);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<FaultKind> catches() {
    return arp ? EnumSet.allOf(FaultKind.class) : EnumSet.of(FaultKind.CARRIER, FaultKind.KILL);
  }

  @Override
  public void hurt(FaultKind kind) {
    faults.hurt(kind);
  }

  @Override
  public void heal(FaultKind kind) {
    faults.heal(kind);
  }

  @Override
  public int path() {
    return scene.path(FailoverScene.mac());
  }

  @Override
  public UdpProbe probe() {
    return probe;
  }

  @Override
  public void pause() {
    probe.pause();
    vm.qmp().execute("stop", new JsonObject());
  }

  @Override
  public void resume() {
    vm.qmp().execute("cont", new JsonObject());
    probe.resume();
  }

  @Override
  public void close() {
    vm.close();
  }
}
