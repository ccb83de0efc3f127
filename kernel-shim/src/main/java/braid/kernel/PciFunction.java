package braid.kernel;

import braid.kernel.jextract.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One PCI function as sysfs shows it: what it is, who drives it, and the way to give it to
/// vfio-pci and back.
///
/// Handing over uses `driver_override`, so that no other function of the same vendor and device
/// changes hands (`new_id` would catch them all):
/// ```
///   echo vfio-pci > devices/ADDRESS/driver_override
///   echo ADDRESS  > devices/ADDRESS/driver/unbind        if something drives it
///   echo ADDRESS  > bus/pci/drivers_probe
/// ```
/// Giving back is the same with an empty override.
///
/// **Thread**: a control thread; every method reads sysfs anew. **Errors**: [LinuxException] with
/// the remedy.
public final class PciFunction {
  /// Where sysfs shows the PCI bus.
  public static final Path SYSFS_PCI = Path.of("/sys/bus/pci");

  /// PCI vendor of all virtio devices (VIRTIO 1.3, 4.1.2).
  public static final int VENDOR_VIRTIO = 0x1af4;

  /// Modern virtio-net: 0x1040 + device type 1 (VIRTIO 1.3, 4.1.2.1).
  public static final int DEVICE_NET_MODERN = 0x1041;

  /// Transitional virtio-net, which has the modern interface too (VIRTIO 1.3, 4.1.2.1).
  public static final int DEVICE_NET_TRANSITIONAL = 0x1000;

  private static final String VFIO_PCI = "vfio-pci";

  private final Path bus;
  private final String address;

  private PciFunction(Path bus, String address) {
    this.bus = bus;
    this.address = address;
  }

  /// The function at `address`.
  ///
  /// @param bus     sysfs folder of the PCI bus, [#SYSFS_PCI] outside of tests
  /// @param address domain, bus, device and function as sysfs writes it: `0000:00:02.0`
  /// @throws LinuxException when there is none
  public static PciFunction at(Path bus, String address) {
    if (!Files.isDirectory(bus.resolve("devices").resolve(address))) {
      throw new LinuxException(
          "open", Sys.ENOENT(), "no PCI function " + address + "; lspci -D lists them");
    }
    return new PciFunction(bus, address);
  }

  /// All functions with this vendor and one of these device numbers, in the order of their
  /// addresses, which is the same at every boot of the same machine.
  public static List<PciFunction> find(Path bus, int vendor, Set<Integer> devices) {
    List<PciFunction> found = new ArrayList<>();
    Path all = bus.resolve("devices");
    if (!Files.isDirectory(all)) {
      return found;
    }
    try (var entries = Files.list(all)) {
      for (Path entry : entries.sorted().toList()) {
        PciFunction function = new PciFunction(bus, entry.getFileName().toString());
        if (function.vendor() == vendor && devices.contains(function.device())) {
          found.add(function);
        }
      }
    } catch (IOException e) {
      throw failed("read", all.toString(), e);
    }
    return found;
  }

  /// All virtio network functions of this machine.
  public static List<PciFunction> virtioNet() {
    return find(SYSFS_PCI, VENDOR_VIRTIO, Set.of(DEVICE_NET_MODERN, DEVICE_NET_TRANSITIONAL));
  }

  /// Domain, bus, device and function: `0000:00:02.0`.
  public String address() {
    return address;
  }

  /// Vendor number, 16 bits.
  public int vendor() {
    return number("vendor");
  }

  /// Device number, 16 bits.
  public int device() {
    return number("device");
  }

  /// Class code, 24 bits: 0x020000 is an Ethernet controller.
  public int classCode() {
    return number("class");
  }

  /// Number of the IOMMU group.
  ///
  /// @throws LinuxException when the function is in none: there is no IOMMU in front of it
  public int iommuGroup() {
    Path target = link("iommu_group");
    if (target == null) {
      throw new LinuxException(
          "readlink",
          Sys.ENOENT(),
          "PCI function "
              + address
              + " is in no IOMMU group. Give the machine an IOMMU and turn it on: QEMU -device"
              + " intel-iommu,intremap=on,caching-mode=on and the kernel argument intel_iommu=on");
    }
    return Integer.parseInt(target.getFileName().toString());
  }

  /// Name of the driver that has it, null when none has.
  public @Nullable String driver() {
    Path target = link("driver");
    return target == null ? null : target.getFileName().toString();
  }

  /// Takes the function away from its driver and gives it to vfio-pci. A network interface of the
  /// old driver disappears with this.
  ///
  /// @return the way back; close it after every file descriptor of the device was closed
  /// @throws LinuxException when vfio-pci does not take it; the old driver has it again then
  public Loan lendToVfio() {
    String before = driver();
    if (VFIO_PCI.equals(before)) {
      return new Loan(this, before);
    }
    if (!Files.isDirectory(bus.resolve("drivers").resolve(VFIO_PCI))) {
      throw new LinuxException(
          "open", Sys.ENOENT(), "the driver vfio-pci is not loaded: modprobe vfio-pci");
    }
    hand(VFIO_PCI);
    if (!VFIO_PCI.equals(driver())) {
      hand("");
      throw new LinuxException(
          "write",
          Sys.EINVAL(),
          "vfio-pci does not take PCI function " + address + "; dmesg says why");
    }
    return new Loan(this, before);
  }

  private void hand(String override) {
    // A lone newline clears the override.
    write(entry("driver_override"), override + "\n");
    if (driver() != null) {
      write(entry("driver").resolve("unbind"), address);
    }
    write(bus.resolve("drivers_probe"), address);
  }

  private Path entry(String name) {
    return bus.resolve("devices").resolve(address).resolve(name);
  }

  private int number(String name) {
    Path file = entry(name);
    try {
      return Integer.decode(Files.readString(file).strip());
    } catch (IOException e) {
      throw failed("read", file.toString(), e);
    }
  }

  private @Nullable Path link(String name) {
    Path link = entry(name);
    try {
      return Files.isSymbolicLink(link) ? Files.readSymbolicLink(link) : null;
    } catch (IOException e) {
      throw failed("readlink", link.toString(), e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw failed("write", file + " (needs root)", e);
    }
  }

  private static LinuxException failed(String call, String tried, IOException e) {
    LinuxException failure = new LinuxException(call, Sys.EIO(), tried + ": " + e.getMessage());
    failure.initCause(e);
    return failure;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PciFunction that
        && address.equals(that.address)
        && bus.equals(that.bus);
  }

  @Override
  public int hashCode() {
    return Objects.hash(bus, address);
  }

  @Override
  public String toString() {
    return address;
  }

  /// A function lent to vfio-pci. Closing gives it back to whoever had it before; one that
  /// vfio-pci had already stays there.
  public static final class Loan implements AutoCloseable {
    private final PciFunction function;
    private final @Nullable String before;
    private boolean returned;

    private Loan(PciFunction function, @Nullable String before) {
      this.function = function;
      this.before = before;
    }

    /// What was lent.
    public PciFunction function() {
      return function;
    }

    /// The driver that had it, null for none.
    public @Nullable String before() {
      return before;
    }

    /// Gives the function back; doing so twice is the same as once.
    @Override
    public void close() {
      if (returned || VFIO_PCI.equals(before)) {
        return;
      }
      returned = true;
      function.hand("");
    }
  }
}
