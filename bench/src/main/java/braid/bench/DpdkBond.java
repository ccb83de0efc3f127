package braid.bench;

import braid.vm.FailoverScene;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import java.util.EnumSet;
import java.util.Set;

/// DPDK's net_bonding over two virtio-user ports of one application, each to a node of its own.
final class DpdkBond implements Contender {
  private final String name;
  private final FailoverScene scene;
  private final SceneFaults faults;
  private final DpdkApplication application;

  private DpdkBond(
      Testbed testbed, ContenderKind kind, String prefix, int port, FailoverScene scene) {
    name = kind.text;
    this.scene = scene;
    faults = new SceneFaults(scene);
    application =
        new DpdkApplication(
            testbed,
            prefix,
            scene.lan().namespace(),
            port,
            DpdkApplication.Setup.bonding(scene.socket(0), scene.socket(1)));
  }

  /// The back-ends are Open vSwitch: nothing in it is ours.
  static DpdkBond overOpenVswitch(Testbed testbed) {
    testbed.own(new HugePages(FailoverScene.OPEN_VSWITCH_PAGES));
    FailoverScene scene = FailoverScene.overOpenVswitch(testbed, "do-");
    return new DpdkBond(testbed, ContenderKind.DPDK, "do-", 5300, scene);
  }

  /// The back-ends are our nodes, which hang up within a millisecond or two of a SIGKILL.
  static DpdkBond overBraid(Testbed testbed) {
    FailoverScene scene = FailoverScene.start(testbed, "db-", ",mode=client");
    return new DpdkBond(testbed, ContenderKind.DPDK_OVER_BRAID, "db-", 5400, scene);
  }

  @Override
  public String name() {
    return name;
  }

  /// It learns of a lost socket only: no carrier, no probes.
  @Override
  public Set<FaultKind> catches() {
    return EnumSet.of(FaultKind.KILL);
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
    return application.probe();
  }

  @Override
  public void pause() {
    application.pause();
    scene.pause();
  }

  @Override
  public void resume() {
    scene.resume();
    application.resume();
  }

  @Override
  public void close() {
    application.close();
  }
}
