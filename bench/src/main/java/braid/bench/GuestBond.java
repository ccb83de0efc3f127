package braid.bench;

import braid.vm.FailoverRig;
import braid.vm.FailoverScene;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import com.eclipsesource.json.JsonObject;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Braid's bond inside an emulated guest: `braid guest` over two virtio functions, defaults and an
/// ARP target.
final class GuestBond implements Contender {
  private static final int PORT = 5100;

  private final FailoverRig rig;
  private final SceneFaults faults;
  private final UdpProbe probe;

  GuestBond(Testbed testbed) {
    rig = FailoverRig.start(testbed, "gb-", List.of());
    faults = new SceneFaults(rig.scene());
    probe =
        UdpProbe.start(
            testbed,
            "gb-udp",
            rig.vm(),
            rig.scene().lan().namespace(),
            FailoverScene.GUEST,
            FailoverScene.PEER,
            PORT);
  }

  @Override
  public String name() {
    return ContenderKind.BRAID_GUEST.text;
  }

  @Override
  public Set<FaultKind> catches() {
    return EnumSet.allOf(FaultKind.class);
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
    return rig.scene().path(FailoverScene.mac());
  }

  @Override
  public UdpProbe probe() {
    return probe;
  }

  @Override
  public void pause() {
    probe.pause();
    rig.vm().qmp().execute("stop", new JsonObject());
  }

  @Override
  public void resume() {
    rig.vm().qmp().execute("cont", new JsonObject());
    probe.resume();
  }

  @Override
  public void close() {
    rig.vm().close();
  }
}
