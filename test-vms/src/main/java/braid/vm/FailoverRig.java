package braid.vm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The [FailoverScene] with its machine running and `braid guest` inside.
public final class FailoverRig {
  private static final Duration WAIT = Duration.ofMinutes(2);
  private static final Pattern GUEST_READY = Pattern.compile("ssi0: ready");

  private final FailoverScene scene;
  private final QemuVm vm;
  private final Agent.Call stack;

  private FailoverRig(FailoverScene scene, Testbed testbed, List<String> guestOptions) {
    this.scene = scene;
    this.vm = scene.machine(scene.prefix() + "vm").start(testbed);
    vm.awaitReady(Guest.BOOT);
    // Faults come faster here than in life: without a limit the hold time would double each time.
    List<String> command =
        new ArrayList<>(
            List.of("braid", "guest", "--arp-target", FailoverScene.PEER, "--hold-max", "500"));
    command.addAll(guestOptions);
    this.stack = vm.agent().start(String.join(" ", command));
    stack.output().await(GUEST_READY, WAIT);
    vm.check("ip address add " + FailoverScene.GUEST + "/24 dev ssi0");
  }

  /// Starts all; returns when `ssi0` has its address.
  ///
  /// @param guestOptions more options of `braid guest`
  public static FailoverRig start(Testbed testbed, List<String> guestOptions) {
    return start(testbed, "", guestOptions);
  }

  /// Starts one of several on a testbed.
  ///
  /// @param prefix       of the names of its namespaces and processes
  /// @param guestOptions more options of `braid guest`
  public static FailoverRig start(Testbed testbed, String prefix, List<String> guestOptions) {
    return new FailoverRig(FailoverScene.start(testbed, prefix, ""), testbed, guestOptions);
  }

  /// The hosts.
  public FailoverScene scene() {
    return scene;
  }

  /// The machine.
  public QemuVm vm() {
    return vm;
  }

  /// What `braid guest` says.
  public Console stack() {
    return stack.output();
  }

  /// Ends `braid guest` as an operator would, and waits for it.
  ///
  /// @return its exit status
  public int stopStack() {
    vm.check("kill -TERM $(pidof java)");
    return stack.await(WAIT).status();
  }
}
