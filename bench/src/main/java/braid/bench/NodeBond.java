package braid.bench;

import braid.vm.ClusterScene;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import braid.vm.UmlVm;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;

/// Braid's bond below an unmodified user-mode Linux guest on node A, or below a DPDK application in
/// its place: the NIC of node B, reached over the fabric, is preferred, node A's own takes over.
/// Defaults and an ARP target; but that the hold time does not grow, since faults come faster here
/// than in life.
///
/// The remote NIC is the preferred one so that all three faults hit a path that another process, on
/// another node, carries.
final class NodeBond implements Contender {
  private static final int NODE_B = 1;

  private final String name;
  private final ClusterScene scene;
  private final End end;

  private NodeBond(
      Testbed testbed, ContenderKind kind, String prefix, Function<ClusterScene, End> user) {
    name = kind.text;
    scene =
        ClusterScene.start(
            testbed,
            new ClusterScene.Settings(
                prefix,
                2,
                0,
                "primary: "
                    + ClusterScene.uplink(NODE_B)
                    + ", hold-max: 500ms, arp-target: "
                    + ClusterScene.PEER,
                false));
    end = user.apply(scene);
  }

  /// Its user is a guest.
  static NodeBond belowGuest(Testbed testbed) {
    return new NodeBond(
        testbed,
        ContenderKind.BRAID_NODE,
        "nb-",
        scene -> {
          UmlVm vm = scene.guest();
          return new InGuest(
              vm,
              UdpProbe.start(
                  testbed,
                  "nb-udp",
                  vm,
                  scene.lan().namespace(),
                  ClusterScene.GUEST,
                  ClusterScene.PEER,
                  5000));
        });
  }

  /// Its user is an application of DPDK, as net_bonding's is.
  static NodeBond belowDpdk(Testbed testbed) {
    return new NodeBond(
        testbed,
        ContenderKind.BRAID_BELOW_DPDK,
        "nd-",
        scene ->
            new DpdkApplication(
                testbed,
                "nd-",
                scene.lan().namespace(),
                5500,
                DpdkApplication.Setup.over(scene.socket())));
  }

  private record InGuest(UmlVm vm, UdpProbe probe) implements End {
    @Override
    public void pause() {
      probe.pause();
    }

    @Override
    public void resume() {
      probe.resume();
    }

    @Override
    public void close() {
      vm.close();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<FaultKind> catches() {
    return EnumSet.allOf(FaultKind.class);
  }

  @Override
  public void hurt(FaultKind kind) {
    switch (kind) {
      case CARRIER -> scene.carrier(NODE_B, false);
      case KILL -> scene.killNode(NODE_B);
      case SILENT -> scene.silence(NODE_B, true);
    }
  }

  @Override
  public void heal(FaultKind kind) {
    switch (kind) {
      case CARRIER -> scene.carrier(NODE_B, true);
      case KILL -> scene.startNode(NODE_B);
      case SILENT -> scene.silence(NODE_B, false);
    }
  }

  @Override
  public int path() {
    return switch (scene.path()) {
      case NODE_B -> 0;
      case 0 -> 1;
      default -> -1;
    };
  }

  @Override
  public UdpProbe probe() {
    return end.probe();
  }

  @Override
  public void pause() {
    end.pause();
  }

  @Override
  public void resume() {
    end.resume();
  }

  @Override
  public void close() {
    end.close();
  }
}
