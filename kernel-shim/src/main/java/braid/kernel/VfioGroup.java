package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.vfio_group_status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An IOMMU group: the smallest set of functions that the IOMMU can tell apart from the rest, and
/// so what VFIO hands out as a whole.
///
/// **Thread**: one control thread. **Ownership**: made by [VfioContainer#group]; close its devices
/// first, the container afterwards.
public final class VfioGroup implements AutoCloseable {
  private final int number;
  private final Fd fd;

  private VfioGroup(int number, Fd fd) {
    this.number = number;
    this.fd = fd;
  }

  static VfioGroup open(int number) {
    String path = "/dev/vfio/" + number;
    Fd fd =
        new Fd(
            Linux.check(
                Linux.open(path, Sys.O_RDWR() | Sys.O_CLOEXEC()),
                "open",
                path
                    + " (EBUSY: another process has this group; ENOENT: no function of it is bound"
                    + " to vfio-pci)"));
    VfioGroup group = new VfioGroup(number, fd);
    try {
      group.checkViable();
      return group;
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  private void checkViable() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = vfio_group_status.allocate(arena);
      vfio_group_status.argsz(status, (int) status.byteSize());
      Linux.check(
          Linux.ioctl(fd.number(), Sys.VFIO_GROUP_GET_STATUS(), status.address()),
          "ioctl VFIO_GROUP_GET_STATUS",
          "look at IOMMU group " + number);
      if ((vfio_group_status.flags(status) & Sys.VFIO_GROUP_FLAGS_VIABLE()) == 0) {
        throw new LinuxException(
            "ioctl",
            Sys.EPERM(),
            "IOMMU group "
                + number
                + " is not viable: every function of it must be bound to vfio-pci or to no driver;"
                + " ls /sys/kernel/iommu_groups/"
                + number
                + "/devices lists them");
      }
    }
  }

  void enter(Fd container) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number32 = arena.allocateFrom(Sys.C_INT, container.number());
      Linux.check(
          Linux.ioctl(fd.number(), Sys.VFIO_GROUP_SET_CONTAINER(), number32.address()),
          "ioctl VFIO_GROUP_SET_CONTAINER",
          "put IOMMU group " + number + " into the container");
    }
  }

  /// Gives the device, stopped and reset as the kernel does at the first open.
  ///
  /// @param address as sysfs writes it: `0000:00:02.0`
  public VfioDevice device(String address) {
    try (Arena arena = Arena.ofConfined()) {
      int device =
          Linux.check(
              Linux.ioctl(
                  fd.number(),
                  Sys.VFIO_GROUP_GET_DEVICE_FD(),
                  arena.allocateFrom(address).address()),
              "ioctl VFIO_GROUP_GET_DEVICE_FD",
              "open PCI function " + address + " of IOMMU group " + number);
      return new VfioDevice(address, new Fd(device));
    }
  }

  /// Number of the group.
  public int number() {
    return number;
  }

  @Override
  public void close() {
    fd.close();
  }
}
