package braid.guest;

import static braid.virtio.CommonConfig.CONFIG_GENERATION;
import static braid.virtio.CommonConfig.CONFIG_MSIX_VECTOR;
import static braid.virtio.CommonConfig.DEVICE_FEATURE;
import static braid.virtio.CommonConfig.DEVICE_FEATURE_SELECT;
import static braid.virtio.CommonConfig.DEVICE_STATUS;
import static braid.virtio.CommonConfig.DRIVER_FEATURE;
import static braid.virtio.CommonConfig.DRIVER_FEATURE_SELECT;
import static braid.virtio.CommonConfig.NO_VECTOR;
import static braid.virtio.CommonConfig.NUM_QUEUES;
import static braid.virtio.CommonConfig.QUEUE_DESC;
import static braid.virtio.CommonConfig.QUEUE_DEVICE;
import static braid.virtio.CommonConfig.QUEUE_DRIVER;
import static braid.virtio.CommonConfig.QUEUE_ENABLE;
import static braid.virtio.CommonConfig.QUEUE_MSIX_VECTOR;
import static braid.virtio.CommonConfig.QUEUE_NOTIFY_OFF;
import static braid.virtio.CommonConfig.QUEUE_SELECT;
import static braid.virtio.CommonConfig.QUEUE_SIZE;

import braid.kernel.EventFd;
import braid.kernel.IoUring;
import braid.kernel.VfioDevice;
import braid.virtio.Feature;
import braid.virtio.NetConfig;
import braid.virtio.PciCaps;
import braid.virtio.ProtocolException;
import braid.virtio.SplitRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// A modern virtio-pci device, driven through VFIO (VIRTIO 1.3, 4.1).
///
/// Its registers lie in BARs, which are mapped; the capabilities say where ([PciCaps],
/// [CommonConfig]). All access is volatile and as wide as the register; 64-bit registers are
/// written as two halves (4.1.3.1).
///
/// **Interrupts** come as eventfds: MSI-X with one vector each for configuration, receive and
/// transmit (fewer when the device has fewer), or the pin interrupt, whose cause is in the ISR
/// register.
///
/// The device must translate its addresses (ACCESS_PLATFORM): one that does not would write to
/// guest-physical memory of somebody else, past the IOMMU.
public final class VirtioPciTransport implements VirtioTransport {
  private static final int ISR_QUEUE = 1;
  private static final int ISR_CONFIG = 2;
  private static final int PCI_CONFIG_BYTES = 256;
  private static final int VECTORS_WANTED = 3;
  private static final int CONFIG_READS_MAX = 16;
  private static final int RESET_READS_MAX = 1000;
  private static final long RESET_READ_NANOS = 1_000_000;

  private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final VfioDevice device;
  private final long delta;
  private final MemorySegment common;
  private final MemorySegment doorbells;
  private final MemorySegment isr;
  private final MemorySegment deviceConfig;
  private final PciCaps caps;
  private final long[] notifyAt = new long[2];
  private final List<EventFd> events = new ArrayList<>();
  private final List<IoUring.Watch> watches = new ArrayList<>();
  private final int vectors;
  private long features;

  /// Maps the registers and turns interrupts and bus mastering on.
  ///
  /// @param device closed by this
  /// @param memory mapped for the device at [DmaMemory#IOVA]
  /// @throws TransportException when it is no modern virtio device
  public VirtioPciTransport(VfioDevice device, DmaMemory memory) {
    this.device = device;
    this.delta = memory.iovaDelta();
    caps = capabilities(device);
    Map<Integer, MemorySegment> bars = new HashMap<>();
    common = slice(bars, caps.common());
    doorbells = bars.computeIfAbsent(caps.doorbells().bar(), device::mapBar);
    isr = slice(bars, caps.isr());
    deviceConfig =
        slice(
            bars,
            caps.device()
                .orElseThrow(
                    () ->
                        new TransportException(
                            device.address() + " has no configuration: no network device")));
    device.busMaster(true);
    vectors = Math.min(VECTORS_WANTED, device.msixVectors());
    for (int i = 0; i < Math.max(1, vectors); i++) {
      events.add(EventFd.create());
    }
    if (vectors > 0) {
      device.msix(events);
    } else if (device.hasIntx()) {
      device.intx(events.getFirst());
    } else {
      throw new TransportException(device.address() + " has no interrupt: neither MSI-X nor pin");
    }
  }

  private static PciCaps capabilities(VfioDevice device) {
    long[] barBytes = new long[PciCaps.BARS];
    for (int bar = 0; bar < PciCaps.BARS; bar++) {
      VfioDevice.Region region = device.region(bar);
      barBytes[bar] = region.mappable() ? region.size() : 0;
    }
    try {
      return PciCaps.parse(device.config(PCI_CONFIG_BYTES), barBytes);
    } catch (ProtocolException e) {
      throw new TransportException(
          device.address()
              + " is no modern virtio device: "
              + e.getMessage()
              + "; QEMU: -device virtio-net-pci,disable-legacy=on",
          e);
    }
  }

  private MemorySegment slice(Map<Integer, MemorySegment> bars, PciCaps.Location location) {
    return bars.computeIfAbsent(location.bar(), device::mapBar)
        .asSlice(location.offset(), location.length());
  }

  @Override
  public String name() {
    return device.address();
  }

  @Override
  public long deviceFeatures() {
    write32(common, DEVICE_FEATURE_SELECT, 0);
    long low = Integer.toUnsignedLong(read32(common, DEVICE_FEATURE));
    write32(common, DEVICE_FEATURE_SELECT, 1);
    return low | (long) read32(common, DEVICE_FEATURE) << 32;
  }

  @Override
  public long requiredFeatures() {
    return Feature.ACCESS_PLATFORM.mask();
  }

  @Override
  public void driverFeatures(long taken) {
    features = taken;
    write32(common, DRIVER_FEATURE_SELECT, 0);
    write32(common, DRIVER_FEATURE, (int) taken);
    write32(common, DRIVER_FEATURE_SELECT, 1);
    write32(common, DRIVER_FEATURE, (int) (taken >>> 32));
  }

  @Override
  public int status() {
    return read8(common, DEVICE_STATUS);
  }

  @Override
  public void status(int bits) {
    BYTE.setVolatile(common, (long) DEVICE_STATUS, (byte) bits);
  }

  @Override
  public void reset() {
    status(0);
    for (int i = 0; i < RESET_READS_MAX; i++) {
      // 4.1.4.3.2: the reset is over when the status reads 0.
      if (status() == 0) {
        return;
      }
      LockSupport.parkNanos(RESET_READ_NANOS);
    }
    throw new TransportException(
        device.address() + " does not reset: status 0x" + Integer.toHexString(status()));
  }

  @Override
  public int queueSizeMax(int queue) {
    if (queue >= read16(common, NUM_QUEUES)) {
      return 0;
    }
    write16(common, QUEUE_SELECT, queue);
    return read16(common, QUEUE_SIZE);
  }

  @Override
  public void queue(int queue, SplitRing ring) {
    if (vectors > 0) {
      route(CONFIG_MSIX_VECTOR, 0);
    }
    write16(common, QUEUE_SELECT, queue);
    write16(common, QUEUE_SIZE, ring.size());
    if (vectors > 0) {
      route(QUEUE_MSIX_VECTOR, vectorOf(queue));
    }
    write64(common, QUEUE_DESC, deviceAddress(ring.desc().address()));
    write64(common, QUEUE_DRIVER, deviceAddress(ring.avail().address()));
    write64(common, QUEUE_DEVICE, deviceAddress(ring.used().address()));
    notifyAt[queue] = doorbell(read16(common, QUEUE_NOTIFY_OFF));
    write16(common, QUEUE_ENABLE, 1);
  }

  private long doorbell(int number) {
    try {
      return caps.doorbell(number);
    } catch (ProtocolException e) {
      throw new TransportException(device.address() + ": " + e.getMessage(), e);
    }
  }

  /// Vector 0 is for the configuration, and for all when there is no other.
  private int vectorOf(int queue) {
    return Math.min(queue + 1, vectors - 1);
  }

  private void route(int register, int vector) {
    write16(common, register, vector);
    if (read16(common, register) == NO_VECTOR) {
      throw new TransportException(
          device.address() + " refuses MSI-X vector " + vector + "; QEMU: vectors=0 or 4");
    }
  }

  @Override
  public void notifyQueue(int queue) {
    SHORT.setVolatile(doorbells, notifyAt[queue], (short) queue);
  }

  @Override
  public NetConfig config() {
    byte[] bytes = new byte[(int) Math.min(NetConfig.BYTES, deviceConfig.byteSize())];
    for (int i = 0; i < CONFIG_READS_MAX; i++) {
      int before = read8(common, CONFIG_GENERATION);
      for (int at = 0; at < bytes.length; at++) {
        bytes[at] = (byte) read8(deviceConfig, at);
      }
      if (read8(common, CONFIG_GENERATION) == before) {
        return parse(bytes);
      }
    }
    throw new TransportException(device.address() + ": its configuration never stands still");
  }

  private NetConfig parse(byte[] bytes) {
    try {
      return NetConfig.parse(bytes, features);
    } catch (ProtocolException e) {
      throw new TransportException(device.address() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public long deviceAddress(long address) {
    return address + delta;
  }

  @Override
  public void watch(IoUring ring, Events listener) {
    if (vectors == 0) {
      watches.add(ring.watch(events.getFirst().fd(), () -> pin(listener)));
      return;
    }
    watches.add(ring.watch(events.getFirst().fd(), listener::changed));
    for (int i = 1; i < vectors; i++) {
      watches.add(ring.watch(events.get(i).fd(), listener::used));
    }
  }

  /// The pin interrupt fired and is masked: reading the ISR takes its cause away (4.1.4.5).
  private void pin(Events listener) {
    int cause = read8(isr, 0);
    if ((cause & ISR_QUEUE) != 0) {
      listener.used();
    }
    if ((cause & ISR_CONFIG) != 0) {
      listener.changed();
    }
    device.unmaskIntx();
  }

  @Override
  public void close() {
    watches.forEach(IoUring.Watch::close);
    try (device) {
      device.busMaster(false);
      device.interruptsOff();
    } finally {
      events.forEach(EventFd::close);
    }
  }

  private static int read8(MemorySegment registers, long at) {
    return (byte) BYTE.getVolatile(registers, at) & 0xff;
  }

  private static int read16(MemorySegment registers, long at) {
    return (short) SHORT.getVolatile(registers, at) & 0xffff;
  }

  private static int read32(MemorySegment registers, long at) {
    return (int) INT.getVolatile(registers, at);
  }

  private static void write16(MemorySegment registers, long at, int value) {
    SHORT.setVolatile(registers, at, (short) value);
  }

  private static void write32(MemorySegment registers, long at, int value) {
    INT.setVolatile(registers, at, value);
  }

  private static void write64(MemorySegment registers, long at, long value) {
    write32(registers, at, (int) value);
    write32(registers, at + 4, (int) (value >>> 32));
  }
}
