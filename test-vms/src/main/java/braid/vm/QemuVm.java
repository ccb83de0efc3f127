package braid.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A guest of QEMU, emulated (no KVM), on a q35 machine with our kernel and initramfs.
///
/// | channel | for |
/// |---|---|
/// | serial console, QEMU's standard output | what the kernel and init say: [#process]'s console |
/// | virtio-serial port braid.agent | [#agent] |
/// | machine protocol socket | [#qmp] |
///
/// Start one with [#builder]. Threads: any; one reader thread for the agent.
public final class QemuVm implements Guest {
  private static final Pattern READY = Pattern.compile("^READY ");

  private final Child process;
  private final SocketChannel agentChannel;
  private final Agent agent;
  private final Qmp qmp;

  private QemuVm(String name, Child process, Path agentSocket, Path qmpSocket) {
    this.process = process;
    this.agentChannel = connect(agentSocket);
    this.agent = new Agent(name, Channels.newOutputStream(agentChannel));
    Thread.ofPlatform().daemon().name("agent of " + name).start(this::readAgent);
    this.qmp = Qmp.connect(qmpSocket);
  }

  /// Which QEMU, and what each needs for vhost-user under emulation.
  public enum Version {
    /// Debian 12's 7.2: dies with MSI-X and vhost-user, so the NICs get legacy interrupts.
    DEBIAN_12("reconnect=1", ",vectors=0"),
    /// 10.0, as Debian 13 has it.
    DEBIAN_13("reconnect-ms=100", "");

    private final String reconnect;
    private final String nicProperties;

    Version(String reconnect, String nicProperties) {
      this.reconnect = reconnect;
      this.nicProperties = nicProperties;
    }
  }

  /// Starts with defaults: QEMU 10, one processor, 256 MiB, stock guest, no NIC.
  ///
  /// @param name of the guest: log file, messages
  /// @return to be filled in
  public static Builder builder(String name) {
    return new Builder(name);
  }

  private void readAgent() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                Channels.newInputStream(agentChannel), StandardCharsets.ISO_8859_1))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        agent.take(line);
      }
    } catch (IOException e) {
      // The machine is gone; whoever waits for an answer has a time-out.
    }
  }

  private SocketChannel connect(Path socket) {
    Deadline deadline = Deadline.in(BOOT);
    while (true) {
      try {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
      } catch (IOException e) {
        if (!process.alive() || deadline.passed()) {
          throw new TestbedException(
              "%s: QEMU %s:%n%s"
                  .formatted(
                      process.name(),
                      process.alive() ? "does not open " + socket : "ended",
                      String.join("\n", process.console().tail(20))),
              e);
        }
      }
      Deadline.pause(Duration.ofMillis(20));
    }
  }

  @Override
  public Child process() {
    return process;
  }

  @Override
  public Agent agent() {
    return agent;
  }

  /// QEMU's machine protocol.
  public Qmp qmp() {
    return qmp;
  }

  @Override
  public void awaitReady(Duration timeout) {
    process.console().await(READY, timeout);
    agent.check("true", timeout);
  }

  @Override
  public void close() {
    qmp.close();
    process.close();
    try {
      agentChannel.close();
    } catch (IOException e) {
      throw new TestbedException("closing the agent of " + process.name(), e);
    }
  }

  /// What the machine shall be. Not thread safe.
  public static final class Builder {
    private final String name;
    private final List<Nic> nics = new ArrayList<>();
    private final List<Path> disks = new ArrayList<>();
    private final List<String> kernelWords = new ArrayList<>();
    private final List<String> more = new ArrayList<>();
    private Version version = Version.DEBIAN_13;
    private @Nullable Namespace namespace;
    private @Nullable String script;
    private boolean iommu;
    private int memory = 256;
    private int processors = 1;

    private Builder(String name) {
      this.name = name;
      kernelWords.addAll(
          List.of(
              "console=ttyS0",
              "panic=-1",
              "quiet",
              "mitigations=off",
              "no_timer_check",
              "tsc=reliable"));
    }

    /// Chooses the QEMU.
    ///
    /// @param chosen which QEMU
    /// @return this
    public Builder version(Version chosen) {
      version = chosen;
      return this;
    }

    /// Puts QEMU into a namespace.
    ///
    /// @param where network namespace that QEMU runs in: that of its TAPs
    /// @return this
    public Builder namespace(Namespace where) {
      namespace = where;
      return this;
    }

    /// Sets the size of memory.
    ///
    /// @param mebibytes of memory; the guest shares it with vhost-user back-ends
    /// @return this
    public Builder memory(int mebibytes) {
      memory = mebibytes;
      return this;
    }

    /// Sets the number of processors.
    ///
    /// @param count of virtual processors
    /// @return this
    public Builder processors(int count) {
      processors = count;
      return this;
    }

    /// Adds a NIC.
    ///
    /// @param nic in the order of the guest's PCI slots
    /// @return this
    public Builder nic(Nic nic) {
      nics.add(nic);
      return this;
    }

    /// Gives the guest an address.
    ///
    /// @param address with prefix length: eth0's, or in the braid guest in /run/address for ssi0
    /// @return this
    public Builder address(String address) {
      return kernelWord("braid.ip=" + address);
    }

    /// Adds to the kernel's command line.
    ///
    /// @param word for the kernel's command line
    /// @return this
    public Builder kernelWord(String word) {
      kernelWords.add(word);
      return this;
    }

    /// Gives init something to do.
    ///
    /// @param shell script that init runs in the background when all is ready
    /// @return this
    public Builder script(String shell) {
      script = shell;
      return this;
    }

    /// Adds what the builder has no word for.
    ///
    /// @param arguments of QEMU, as they are
    /// @return this
    public Builder more(String... arguments) {
      more.addAll(List.of(arguments));
      return this;
    }

    /// The guest that runs braid: the NICs are left for user space behind an emulated VT-d, the
    /// Java runtime and the application are mounted. Wants 512 MiB.
    ///
    /// @param app from [AppDisk], or null for the Java runtime alone
    /// @return this
    public Builder braid(@Nullable Path app) {
      disks.add(GuestFiles.here().jreDisk());
      if (app != null) {
        disks.add(app);
      }
      iommu = true;
      memory = Math.max(memory, 512);
      // Huge pages for the driver's DMA memory: one IOTLB miss each instead of 512.
      kernelWords.addAll(List.of("braid.mode=braid", "intel_iommu=on", "hugepages=16"));
      return this;
    }

    /// Starts the machine; returns when QEMU answers, while the guest is booting. With vhost-user
    /// NICs QEMU answers only after their back-ends do.
    ///
    /// @param testbed owner of the process
    /// @return stopped with the testbed
    public QemuVm start(Testbed testbed) {
      Path agent = testbed.directory().resolve(name + ".agent");
      Path qmp = testbed.directory().resolve(name + ".qmp");
      List<String> command = new ArrayList<>(command());
      command.addAll(
          List.of(
              "-display",
              "none",
              "-serial",
              "stdio",
              "-chardev",
              "socket,id=agent,path=" + agent + ",server=on,wait=off",
              "-device",
              "virtio-serial-pci",
              "-device",
              "virtserialport,chardev=agent,name=braid.agent",
              "-qmp",
              "unix:" + qmp + ",server=on,wait=off"));
      if (script != null) {
        Path file = testbed.directory().resolve(name + ".run");
        try {
          Files.writeString(file, script);
        } catch (IOException e) {
          throw new TestbedException("cannot write " + file, e);
        }
        command.addAll(List.of("-fw_cfg", "name=opt/braid/run,file=" + file));
      }
      Child child = testbed.start(name, namespace, testbed.ahead(command));
      return testbed.own(new QemuVm(name, child, agent, qmp));
    }

    /// The command line without channels: what a person with a terminal needs too.
    ///
    /// @return program and arguments
    public List<String> command() {
      GuestFiles files = GuestFiles.here();
      List<String> command = new ArrayList<>();
      command.add(
          switch (version) {
            case DEBIAN_12 -> "/usr/bin/qemu-system-x86_64";
            case DEBIAN_13 -> files.qemu10().toString();
          });
      command.addAll(
          List.of(
              "-name",
              name,
              "-no-user-config",
              "-nodefaults",
              "-no-reboot",
              "-accel",
              "tcg,thread=multi,tb-size=128",
              "-cpu",
              "max",
              "-M",
              "q35,memory-backend=mem",
              "-m",
              memory + "M",
              "-smp",
              Integer.toString(processors),
              "-object",
              "memory-backend-memfd,id=mem,size=" + memory + "M,share=on",
              "-kernel",
              files.kernel().toString(),
              "-initrd",
              files.initramfs().toString(),
              "-append",
              String.join(" ", kernelWords)));
      if (iommu) {
        // Before the NICs: QEMU puts only what comes after it under translation.
        command.addAll(
            List.of("-device", "intel-iommu,intremap=on,caching-mode=on,device-iotlb=on"));
      }
      String properties = version.nicProperties + (iommu ? ",iommu_platform=on,ats=on" : "");
      for (int i = 0; i < nics.size(); i++) {
        command.addAll(nics.get(i).arguments(i, version.reconnect, properties));
      }
      for (int i = 0; i < disks.size(); i++) {
        command.addAll(
            List.of(
                "-drive",
                "if=none,id=disk%d,format=raw,readonly=on,file=%s".formatted(i, disks.get(i)),
                "-device",
                "virtio-blk-pci,drive=disk" + i));
      }
      command.addAll(more);
      return command;
    }
  }
}
