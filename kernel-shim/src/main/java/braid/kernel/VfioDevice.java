package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.vfio_device_info;
import braid.kernel.jextract.vfio_irq_info;
import braid.kernel.jextract.vfio_irq_set;
import braid.kernel.jextract.vfio_region_info;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// A PCI function in our hands: configuration space, BARs as memory, interrupts as eventfds.
///
/// **Thread**: one control thread for set-up; [#unmaskIntx] and memory returned by [#mapBar] on
/// the thread that drives the device. **Ownership**: made by [VfioGroup#device]; closing it takes
/// the BARs away, so nothing may touch them afterwards. The kernel resets the function when its
/// last descriptor closes. **Errors**: [LinuxException].
public final class VfioDevice implements AutoCloseable {
  /// A part of the device as VFIO numbers it: BAR 0 to 5, then ROM, then configuration space.
  ///
  /// @param index  region number
  /// @param flags  `VFIO_REGION_INFO_FLAG_*`
  /// @param size   bytes, 0 for none
  /// @param offset where it starts in the device's file
  public record Region(int index, int flags, long size, long offset) {
    /// It can be mapped.
    public boolean mappable() {
      return (flags & Sys.VFIO_REGION_INFO_FLAG_MMAP()) != 0 && size > 0;
    }
  }

  private static final int NO_INTERRUPTS = -1;
  private static final int PCI_COMMAND = 4;
  private static final int PCI_COMMAND_MEMORY = 1 << 1;
  private static final int PCI_COMMAND_MASTER = 1 << 2;

  private final String address;
  private final Fd fd;
  private final List<Mapping> mappings = new ArrayList<>();
  private int enabled = NO_INTERRUPTS;

  VfioDevice(String address, Fd fd) {
    this.address = address;
    this.fd = fd;
  }

  /// As sysfs writes it.
  public String address() {
    return address;
  }

  /// The function can be reset by [#reset].
  public boolean resettable() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = vfio_device_info.allocate(arena);
      vfio_device_info.argsz(info, (int) info.byteSize());
      control(Sys.VFIO_DEVICE_GET_INFO(), "VFIO_DEVICE_GET_INFO", info.address());
      return (vfio_device_info.flags(info) & Sys.VFIO_DEVICE_FLAGS_RESET()) != 0;
    }
  }

  /// Where a region lies and what can be done with it.
  public Region region(int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = vfio_region_info.allocate(arena);
      vfio_region_info.argsz(info, (int) info.byteSize());
      vfio_region_info.index(info, index);
      control(Sys.VFIO_DEVICE_GET_REGION_INFO(), "VFIO_DEVICE_GET_REGION_INFO", info.address());
      return new Region(
          index,
          vfio_region_info.flags(info),
          vfio_region_info.size(info),
          vfio_region_info.offset(info));
    }
  }

  /// Maps a BAR, whole. Device memory: use volatile access of the width the register has.
  ///
  /// @param bar 0 to 5
  /// @throws LinuxException when the BAR is empty, an I/O BAR, or smaller than a page
  public MemorySegment mapBar(int bar) {
    Region region = region(Sys.VFIO_PCI_BAR0_REGION_INDEX() + bar);
    if (!region.mappable()) {
      throw new LinuxException(
          "mmap",
          Sys.EINVAL(),
          "BAR " + bar + " of " + address + " cannot be mapped (" + region + ")");
    }
    Mapping mapping = Mapping.shared(fd, region.offset(), region.size());
    mappings.add(mapping);
    return mapping.segment();
  }

  /// The first `length` bytes of configuration space, read byte by byte as the kernel gives them:
  /// 256, or 4096 on PCI Express.
  public byte[] config(int length) {
    Region region = region(Sys.VFIO_PCI_CONFIG_REGION_INDEX());
    int bytes = (int) Math.min(length, region.size());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(bytes);
      long got =
          Linux.check(
              Linux.pread(fd.number(), buffer.address(), bytes, region.offset()),
              "pread",
              "read the configuration space of " + address);
      byte[] config = new byte[(int) got];
      MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, config, 0, config.length);
      return config;
    }
  }

  /// Lets the function answer to memory access and, with `on`, reach memory by itself. Off stops
  /// every DMA at once.
  public void busMaster(boolean on) {
    long at = region(Sys.VFIO_PCI_CONFIG_REGION_INDEX()).offset() + PCI_COMMAND;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment command = arena.allocate(ValueLayout.JAVA_SHORT);
      Linux.check(
          Linux.pread(fd.number(), command.address(), command.byteSize(), at),
          "pread",
          "read the command register of " + address);
      int bits = (command.get(ValueLayout.JAVA_SHORT, 0) & 0xffff) | PCI_COMMAND_MEMORY;
      bits = on ? bits | PCI_COMMAND_MASTER : bits & ~PCI_COMMAND_MASTER;
      command.set(ValueLayout.JAVA_SHORT, 0, (short) bits);
      Linux.check(
          Linux.pwrite(fd.number(), command.address(), command.byteSize(), at),
          "pwrite",
          "write the command register of " + address);
    }
  }

  /// How many MSI-X vectors the function has, 0 for none.
  public int msixVectors() {
    return interrupts(Sys.VFIO_PCI_MSIX_IRQ_INDEX());
  }

  /// The function has a pin interrupt.
  public boolean hasIntx() {
    return interrupts(Sys.VFIO_PCI_INTX_IRQ_INDEX()) > 0;
  }

  private int interrupts(int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = vfio_irq_info.allocate(arena);
      vfio_irq_info.argsz(info, (int) info.byteSize());
      vfio_irq_info.index(info, index);
      control(Sys.VFIO_DEVICE_GET_IRQ_INFO(), "VFIO_DEVICE_GET_IRQ_INFO", info.address());
      return (vfio_irq_info.flags(info) & Sys.VFIO_IRQ_INFO_EVENTFD()) == 0
          ? 0
          : vfio_irq_info.count(info);
    }
  }

  /// Turns MSI-X on: vector `i` signals `events.get(i)`.
  ///
  /// @param events at most [#msixVectors]; they stay open until [#interruptsOff] or close
  public void msix(List<EventFd> events) {
    signal(Sys.VFIO_PCI_MSIX_IRQ_INDEX(), events);
  }

  /// Turns the pin interrupt on. The kernel masks it each time it fires: after the cause is gone
  /// call [#unmaskIntx].
  public void intx(EventFd event) {
    signal(Sys.VFIO_PCI_INTX_IRQ_INDEX(), List.of(event));
  }

  /// Lets the pin interrupt fire again.
  public void unmaskIntx() {
    setIrqs(
        Sys.VFIO_PCI_INTX_IRQ_INDEX(),
        Sys.VFIO_IRQ_SET_DATA_NONE() | Sys.VFIO_IRQ_SET_ACTION_UNMASK(),
        1,
        List.of());
  }

  /// Turns off what [#msix] or [#intx] turned on.
  public void interruptsOff() {
    if (enabled != NO_INTERRUPTS) {
      // The kernel takes this only for the kind that is on.
      setIrqs(
          enabled, Sys.VFIO_IRQ_SET_DATA_NONE() | Sys.VFIO_IRQ_SET_ACTION_TRIGGER(), 0, List.of());
      enabled = NO_INTERRUPTS;
    }
  }

  private void signal(int index, List<EventFd> events) {
    setIrqs(
        index,
        Sys.VFIO_IRQ_SET_DATA_EVENTFD() | Sys.VFIO_IRQ_SET_ACTION_TRIGGER(),
        events.size(),
        events);
    enabled = index;
  }

  private void setIrqs(int index, int flags, int count, List<EventFd> events) {
    long data = vfio_irq_set.data$offset();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment set = arena.allocate(data + 4L * events.size(), 4);
      vfio_irq_set.argsz(set, (int) set.byteSize());
      vfio_irq_set.flags(set, flags);
      vfio_irq_set.index(set, index);
      vfio_irq_set.start(set, 0);
      vfio_irq_set.count(set, count);
      for (int i = 0; i < events.size(); i++) {
        set.set(ValueLayout.JAVA_INT, data + 4L * i, events.get(i).fd().number());
      }
      control(Sys.VFIO_DEVICE_SET_IRQS(), "VFIO_DEVICE_SET_IRQS", set.address());
    }
  }

  private void control(int request, String name, long argument) {
    Linux.check(Linux.ioctl(fd.number(), request, argument), "ioctl " + name, "use " + address);
  }

  /// Resets the function: every register as after power-on.
  public void reset() {
    control(Sys.VFIO_DEVICE_RESET(), "VFIO_DEVICE_RESET", 0);
  }

  /// Unmaps the BARs and gives the function up.
  @Override
  public void close() {
    mappings.forEach(Mapping::close);
    mappings.clear();
    fd.close();
  }
}
