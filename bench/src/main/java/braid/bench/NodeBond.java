package braid.bench;

import braid.vm.ClusterScene;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import braid.vm.UmlVm;
import java.util.EnumSet;
import java.util.Set;

/// Braid's bond below an unmodified user-mode Linux guest on node A: the NIC of node B, reached
/// over the fabric, is preferred, node A's own takes over. Defaults and an ARP target; but that
/// the hold time does not grow, since faults come faster here than in life.
///
/// The remote NIC is the preferred one so that all three faults hit a path that another process, on
/// another node, carries.
final class NodeBond implements Contender {
  private static final int PORT = 5000;
  private static final int NODE_B = 1;

  private final ClusterScene scene;
  private final UmlVm vm;
  private final UdpProbe probe;

  NodeBond(Testbed testbed) {
    scene =
        ClusterScene.start(
            testbed,
            new ClusterScene.Settings(
                "nb-",
                2,
                0,
                "primary: "
                    + ClusterScene.uplink(NODE_B)
                    + ", hold-max: 500ms, arp-target: "
                    + ClusterScene.PEER,
                false));
    vm = scene.guest();
    probe =
        UdpProbe.start(
            testbed,
            "nb-udp",
            vm,
            scene.lan().namespace(),
            ClusterScene.GUEST,
            ClusterScene.PEER,
            PORT);
  }

  @Override
  public String name() {
    return ContenderKind.BRAID_NODE.text;
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
    return probe;
  }

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
