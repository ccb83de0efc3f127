package braid.bench;

import braid.vm.Child;
import braid.vm.FailoverScene;
import braid.vm.Namespace;
import braid.vm.Testbed;
import braid.vm.UdpProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// DPDK's net_bonding, mode 1 with a primary, over two virtio-user ports on the same two nodes; the
/// guest's applications are behind its net_tap.
///
/// The ports are vhost-user servers, so that a node process that was killed can be replaced. It
/// polls a whole processor.
final class DpdkBond implements Contender {
  private static final int PORT = 5300;
  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final String MAC = FailoverScene.mac();

  private final FailoverScene scene;
  private final SceneFaults faults;
  private final Child testpmd;
  private final UdpProbe probe;

  DpdkBond(Testbed testbed) {
    Namespace app = testbed.namespace("db-app");
    scene = FailoverScene.start(testbed, "db-", ",mode=client");
    faults = new SceneFaults(scene);
    testpmd =
        testbed.start(
            "db-testpmd",
            app,
            List.of(
                "stdbuf",
                "-oL",
                "dpdk-testpmd",
                "--lcores",
                "0@0,1@1",
                "--no-huge",
                "-m",
                "256",
                "--no-pci",
                "--no-telemetry",
                "--file-prefix=braid-db",
                "--vdev",
                port(0),
                "--vdev",
                port(1),
                "--vdev",
                "net_tap0,iface=dtap0",
                "--vdev",
                "net_bonding0,mode=1,slave=net_virtio_user0,slave=net_virtio_user1,"
                    + "primary=net_virtio_user0",
                "--",
                "-i",
                "--portmask=0xc",
                "--nb-cores=1",
                "--total-num-mbufs=8192",
                "--forward-mode=io"));
    testpmd.console().await(Pattern.compile("Done|Press enter|testpmd>"), WAIT);
    say("set bonding mon_period 3 10");
    say("start");
    app.ip("link", "set", "dtap0", "address", MAC);
    app.address("dtap0", FailoverScene.GUEST + "/24");
    app.ip("link", "set", "dtap0", "up");
    probe =
        UdpProbe.start(
            testbed,
            "db-udp",
            app,
            scene.lan().namespace(),
            FailoverScene.GUEST,
            FailoverScene.PEER,
            PORT);
  }

  private String port(int node) {
    return "net_virtio_user%d,mac=%s,path=%s,server=1,queues=1,queue_size=256"
        .formatted(node, MAC, scene.socket(node));
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
  public String name() {
    return ContenderKind.DPDK.text;
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
    return scene.path(MAC);
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
