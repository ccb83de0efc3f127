package braid.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A vhost-user back-end that is not ours: Open vSwitch with DPDK, a bridge of one vhost-user port
/// and the node's `eth0`. It connects to a front-end that listens, and does so again when it was
/// started anew.
///
/// Its poller sleeps for up to 100 µs when nothing comes (`pmd-maxsleep`): two of them and a DPDK
/// application would otherwise want three processors. Each needs [#HUGE_PAGES], and frames with
/// their checksums: it takes `eth0`'s without the kernel's notes on them.
final class OpenVswitch implements FailoverScene.Backend {
  /// Huge pages of 2 MiB that one needs.
  static final int HUGE_PAGES = 128;

  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final Pattern LISTENING = Pattern.compile("ovsdb-server.*Open vSwitch");
  private static final Pattern READY = Pattern.compile("bridge br0: added interface vh0");

  private final Testbed testbed;
  private final Namespace space;
  private final Path directory;

  /// Prepares one: its database, with all that the switch shall have.
  ///
  /// @param name   of its files and logs, unique within the testbed
  /// @param space  with `eth0`
  /// @param socket where the front-end listens
  OpenVswitch(Testbed testbed, String name, Namespace space, Path socket) {
    this.testbed = testbed;
    this.space = space;
    directory = testbed.directory().resolve(name);
    try {
      Files.createDirectory(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Path database = directory.resolve("conf.db");
    Testbed.run(
        List.of(
            program("bin/ovsdb-tool"),
            "create",
            database.toString(),
            program("share/openvswitch/vswitch.ovsschema")));
    Child server =
        testbed.start(
            name + "-db",
            null,
            List.of(
                program("sbin/ovsdb-server"),
                database.toString(),
                "--remote=p" + remote(),
                "--unixctl=" + directory.resolve("db.ctl")));
    server.console().await(LISTENING, WAIT);
    set("init");
    set(
        "set",
        "Open_vSwitch",
        ".",
        "other_config:dpdk-init=true",
        "other_config:dpdk-extra=--no-pci --no-telemetry -m " + HUGE_PAGES * 2,
        "other_config:pmd-cpu-mask=0x1",
        "other_config:pmd-maxsleep=100");
    set("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev");
    set("add-port", "br0", "eth0");
    set("add-port", "br0", "vh0");
    set(
        "set",
        "Interface",
        "vh0",
        "type=dpdkvhostuserclient",
        "options:vhost-server-path=" + socket);
  }

  private static String program(String name) {
    return GuestFiles.here().openVswitch().resolve("usr").resolve(name).toString();
  }

  private String remote() {
    return "unix:" + directory.resolve("db.sock");
  }

  private void set(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(program("bin/ovs-vsctl"), "--db=" + remote(), "--no-wait"));
    command.addAll(List.of(arguments));
    Testbed.run(command);
  }

  @Override
  public Child start(String name) {
    Child process =
        testbed.start(
            name,
            space,
            List.of(
                "env",
                "OVS_RUNDIR=" + directory,
                program("lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"),
                remote(),
                "--unixctl=" + directory.resolve("switch.ctl")));
    process.console().await(READY, WAIT);
    return process;
  }

  @Override
  public boolean polls() {
    return true;
  }
}
