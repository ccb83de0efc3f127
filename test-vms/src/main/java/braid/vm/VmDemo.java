package braid.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `./dev vm`: the scene of the failover demo for a person: the guest's console is on this
/// terminal, `ssi0` is up, the two
/// nodes can be hurt from another terminal with the commands printed first.
final class VmDemo {
  private VmDemo() {}

  /// Runs until the machine is switched off.
  ///
  /// @return QEMU's exit status
  static int run(Path logs, List<String> guestOptions) throws IOException {
    try (Testbed testbed = Testbed.open(logs)) {
      FailoverScene scene = FailoverScene.start(testbed);
      String script =
          "braid guest --arp-target %s %s >/tmp/braid.log 2>&1 &\n"
                  .formatted(FailoverScene.PEER, String.join(" ", guestOptions))
              + "until grep -q 'ssi0: ready' /tmp/braid.log; do sleep 0.2; done\n"
              + "ip address add "
              + FailoverScene.GUEST
              + "/24 dev ssi0\n"
              + "echo; echo \"ssi0 is up at "
              + FailoverScene.GUEST
              + "; the peer is "
              + FailoverScene.PEER
              + ". braid guest logs to /tmp/braid.log. Leave with: poweroff -f\"\n";
      Path file = Files.writeString(testbed.directory().resolve("vm.run"), script);
      List<String> command =
          new ArrayList<>(scene.machine("vm").kernelWord("braid.shell").command());
      command.addAll(
          List.of(
              "-display",
              "none",
              "-serial",
              "mon:stdio",
              "-fw_cfg",
              "name=opt/braid/run,file=" + file));
      System.out.print(scene.howToHurt());
      Process qemu = new ProcessBuilder(command).inheritIO().start();
      testbed.own(qemu::destroyForcibly);
      return qemu.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }
}
