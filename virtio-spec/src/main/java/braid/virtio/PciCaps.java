package braid.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where a modern virtio-pci function keeps its structures: the vendor capabilities of its
/// configuration space, read and checked (VIRTIO 4.1.4).
///
/// ```
///  0 cap_vndr u8 = 9 | 1 cap_next u8 | 2 cap_len u8 | 3 cfg_type u8 | 4 bar u8 | 5 id u8 | 6
/// padding
///  8 offset u32      | 12 length u32 | 16 notify_off_multiplier u32 (only cfg_type 2)
/// ```
/// @param common           common configuration, at least [CommonConfig#BYTES_MIN] bytes
/// @param doorbells        the notification structure
/// @param notifyMultiplier bytes between doorbells, times queue_notify_off
/// @param isr              interrupt status, one byte
/// @param device           device-specific configuration, when there is one
/// @param pciConfig        offset of the configuration access capability in configuration space,
///                         when there is one
public record PciCaps(
    Location common,
    Location doorbells,
    long notifyMultiplier,
    Location isr,
    Optional<Location> device,
    Optional<Integer> pciConfig) {

  /// Vendor of every virtio function (4.1.2).
  public static final int VENDOR = 0x1af4;

  /// Device id of a modern network device: 0x1040 plus 1.
  public static final int NET_MODERN = 0x1041;

  /// Device id of a transitional network device.
  public static final int NET_TRANSITIONAL = 0x1000;

  /// How many base address registers a function has.
  public static final int BARS = 6;

  private static final int STATUS_REGISTER = 6;
  private static final int STATUS_HAS_CAPABILITIES = 0x10;
  private static final int CAPABILITIES_POINTER = 0x34;
  private static final int FIRST_CAPABILITY = 0x40;
  private static final int VENDOR_SPECIFIC = 9;
  private static final int CAP_BYTES = 16;
  private static final int NOTIFY_CAP_BYTES = 20;

  private static final int COMMON_CFG = 1;
  private static final int NOTIFY_CFG = 2;
  private static final int ISR_CFG = 3;
  private static final int DEVICE_CFG = 4;
  private static final int PCI_CFG = 5;

  private static final String CLAUSE = "VIRTIO 4.1.4";

  /// A structure in a base address register.
  ///
  /// @param bar    0 to 5
  /// @param offset of its first byte in the register's memory
  /// @param length bytes; all of it lies inside that memory
  public record Location(int bar, long offset, long length) {}

  /// Reads the capabilities.
  ///
  /// Of each structure the first one counts that lies in a usable register (4.1.4.1): the order is
  /// the device's preference. Reserved types and registers are passed over.
  ///
  /// @param config   configuration space, 256 bytes or more
  /// @param barBytes six sizes; 0 for a register that is not there or cannot be used (I/O space)
  /// @throws ProtocolException when a structure that a driver needs is missing, too short or
  ///     misaligned, lies outside its register, or the list is broken
  public static PciCaps parse(byte[] config, long[] barBytes) throws ProtocolException {
    if (config.length < 256 || barBytes.length != BARS) {
      throw new IllegalArgumentException(
          config.length + " bytes of configuration space, " + barBytes.length + " registers");
    }
    Reader reader = new Reader(ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN), barBytes);
    reader.walk();
    return new PciCaps(
        reader.required(COMMON_CFG, CommonConfig.BYTES_MIN, 4, "common configuration"),
        reader.required(NOTIFY_CFG, 2, 2, "notification"),
        reader.notifyMultiplier,
        reader.required(ISR_CFG, 1, 1, "ISR status"),
        Optional.ofNullable(reader.found[DEVICE_CFG]),
        reader.pciConfig);
  }

  /// Where the doorbell of a queue is.
  ///
  /// @param queueNotifyOff the queue's number in the common configuration, 0 to 65535
  /// @return offset in the register of [#doorbells], 2 bytes there are inside it
  /// @throws ProtocolException when they are not (4.1.4.4.1)
  public long doorbell(int queueNotifyOff) throws ProtocolException {
    long inside = queueNotifyOff * notifyMultiplier;
    if (inside + 2 > doorbells.length) {
      throw new ProtocolException(
          "VIRTIO 4.1.4.4.1",
          "doorbell at " + inside + " of a notification structure of " + doorbells.length);
    }
    return doorbells.offset + inside;
  }

  /// Walks the list once.
  private static final class Reader {
    private final ByteBuffer config;
    private final long[] barBytes;
    private final @Nullable Location[] found = new Location[5];
    private long notifyMultiplier;
    private Optional<Integer> pciConfig = Optional.empty();

    Reader(ByteBuffer config, long[] barBytes) {
      this.config = config;
      this.barBytes = barBytes;
    }

    private int u8(int at) {
      return config.get(at) & 0xff;
    }

    private long u32(int at) {
      return config.getInt(at) & 0xffff_ffffL;
    }

    void walk() throws ProtocolException {
      if ((u8(STATUS_REGISTER) & STATUS_HAS_CAPABILITIES) == 0) {
        throw new ProtocolException(CLAUSE, "no capability list: a legacy device");
      }
      int at = u8(CAPABILITIES_POINTER) & ~3;
      for (int i = 0; i < Limits.PCI_CAPABILITIES_MAX; i++) {
        if (at == 0) {
          return;
        }
        if (at < FIRST_CAPABILITY) {
          throw new ProtocolException(CLAUSE, "capability at 0x" + Integer.toHexString(at));
        }
        if (u8(at) == VENDOR_SPECIFIC) {
          capability(at);
        }
        at = u8(at + 1) & ~3;
      }
      throw new ProtocolException(CLAUSE, "the capability list does not end");
    }

    private void capability(int at) throws ProtocolException {
      int bytes = u8(at + 2);
      int type = u8(at + 3);
      if (type < COMMON_CFG || type > PCI_CFG) {
        return;
      }
      int wanted = type == NOTIFY_CFG ? NOTIFY_CAP_BYTES : CAP_BYTES;
      if (bytes < wanted || at + bytes > 256) {
        throw new ProtocolException(
            CLAUSE, "capability of type " + type + ": " + bytes + " bytes at " + at);
      }
      if (type == PCI_CFG) {
        if (pciConfig.isEmpty()) {
          pciConfig = Optional.of(at);
        }
        return;
      }
      int bar = u8(at + 4);
      if (found[type] != null || bar >= BARS || barBytes[bar] == 0) {
        return;
      }
      long offset = u32(at + 8);
      long length = u32(at + 12);
      if (offset + length > barBytes[bar]) {
        throw new ProtocolException(
            CLAUSE,
            "structure of type "
                + type
                + ": "
                + length
                + " bytes at "
                + offset
                + " of BAR "
                + bar
                + ", which has "
                + barBytes[bar]);
      }
      found[type] = new Location(bar, offset, length);
      if (type == NOTIFY_CFG) {
        notifyMultiplier = u32(at + 16);
      }
      if (type == DEVICE_CFG && offset % 4 != 0) {
        throw new ProtocolException("VIRTIO 4.1.4.6.1", "device configuration at " + offset);
      }
    }

    Location required(int type, long bytes, int align, String name) throws ProtocolException {
      Location location = found[type];
      if (location == null) {
        throw new ProtocolException(CLAUSE, "no " + name + " structure in a usable register");
      }
      if (location.length < bytes || location.offset % align != 0) {
        throw new ProtocolException(CLAUSE, name + " structure: " + location);
      }
      return location;
    }
  }
}
