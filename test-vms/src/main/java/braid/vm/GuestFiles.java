package braid.vm;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where `./dev setup` put what guests are made of: `$BRAID_CACHE`, or `~/.cache/braid`.
///
/// @param cache the directory
public record GuestFiles(Path cache) {
  /// The files of this machine.
  public static GuestFiles here() {
    String set = System.getenv("BRAID_CACHE");
    return new GuestFiles(
        set != null && !set.isEmpty()
            ? Path.of(set)
            : Path.of(System.getProperty("user.home"), ".cache", "braid"));
  }

  /// The kernel, unpacked.
  public Path kernel() {
    return present("guest/vmlinux");
  }

  /// The initial file system of both guests of QEMU.
  public Path initramfs() {
    return present("guest/initramfs.cpio");
  }

  /// The Java runtime as a disk.
  public Path jreDisk() {
    return present("guest/jre.squashfs");
  }

  /// The traffic program, static: runs on the host too.
  public Path traffic() {
    return present("guest/traffic");
  }

  /// The program that asks the kernel's bonding driver which slave it picks, static.
  public Path bondChoices() {
    return present("guest/bond-choices");
  }

  /// The first program of a user-mode Linux guest.
  public Path umlInit() {
    return present("guest/uml-init");
  }

  /// Preloaded, it lets user-mode Linux run on processors with a large register state.
  public Path umlXstate() {
    return present("guest/uml-xstate.so");
  }

  /// Runs a program of the guest on the host, with the files where the guest has them.
  public Path inGuestRoot() {
    return present("guest/in-guest-root");
  }

  /// QEMU 10, whatever the distribution has.
  public Path qemu10() {
    return present("qemu10/qemu-system-x86_64");
  }

  /// The root under which Open vSwitch with DPDK was unpacked.
  public Path openVswitch() {
    return present("openvswitch/root");
  }

  /// The directory with all parts of the guests.
  public Path guest() {
    return present("guest");
  }

  private Path present(String name) {
    Path path = cache.resolve(name);
    if (!Files.exists(path)) {
      throw new TestbedException("there is no " + path + ": run ./dev setup");
    }
    return path;
  }
}
