package braid.vm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/// A guest of user-mode Linux: the kernel as a process, with the host's files (read-only) as its
/// own and with Linux's stock virtio_net as a vhost-user front-end. Boots in a second or two and
/// needs neither QEMU nor KVM.
///
/// Console and agent share standard input and output; the agent's lines are told by their mark.
public final class UmlVm implements Guest {
  private static final Pattern READY = Pattern.compile("^READY ");

  private final Child process;
  private final Agent agent;

  private UmlVm(Child process, Agent agent) {
    this.process = process;
    this.agent = agent;
  }

  /// What the machine shall be.
  ///
  /// @param name of the guest: log file, messages
  /// @param memory in MiB
  /// @param sockets of vhost-user net back-ends that listen already: eth0, eth1...
  /// @param address of eth0 with prefix length; empty for none
  public record Options(String name, int memory, List<Path> sockets, String address) {
    /// Takes a copy of the list.
    public Options {
      sockets = List.copyOf(sockets);
    }
  }

  /// Starts a machine; returns while it is booting.
  ///
  /// @param testbed owner of the process
  /// @param options what it shall be
  /// @return stopped with the testbed
  public static UmlVm start(Testbed testbed, Options options) {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "/usr/bin/env",
            "LD_PRELOAD=" + GuestFiles.here().umlXstate(),
            "/usr/bin/linux.uml",
            "mem=" + options.memory() + "M",
            "umid=" + options.name(),
            "uml_dir=" + testbed.directory().resolve("uml") + "/",
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            "con=null",
            "con0=fd:0,fd:1",
            "quiet"));
    for (Path socket : options.sockets()) {
      command.add("virtio_uml.device=" + socket + ":1");
    }
    command.add("init=" + GuestFiles.here().umlInit());
    if (!options.address().isEmpty()) {
      command.add("braid.ip=" + options.address());
    }
    // The reader thread starts with the process, before there can be an agent on its input.
    AtomicReference<Agent> agent = new AtomicReference<>();
    Child child =
        testbed.start(
            options.name(),
            null,
            testbed.ahead(command),
            line -> {
              Agent there = agent.get();
              return there != null && there.take(line);
            });
    agent.set(new Agent(options.name(), child.input()));
    return testbed.own(new UmlVm(child, agent.get()));
  }

  @Override
  public Child process() {
    return process;
  }

  @Override
  public Agent agent() {
    return agent;
  }

  @Override
  public void awaitReady(Duration timeout) {
    process.console().await(READY, timeout);
    agent.check("true", timeout);
  }

  /// Asks the guest to power off; its kernel then ends the processes of its own. Ends it by force
  /// if it does not.
  @Override
  public void close() {
    if (process.alive()) {
      agent.start("busybox poweroff -f");
      try {
        process.awaitExit(Duration.ofSeconds(5));
      } catch (TestbedException e) {
        process.stop(Duration.ofMillis(100));
      }
    }
  }
}
