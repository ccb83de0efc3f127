package braid.virtio;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// The device status field as a state machine (VIRTIO 2.1, 3.1.1): what a driver may write when.
///
/// ```
///                RESET  ACKNOWLEDGE  DRIVER  FEATURES_OK  DRIVER_OK  FAILED
///  RESET           x         x                                          x
///  ACKNOWLEDGE     x         x          x                               x
///  DRIVER          x                    x         x                     x
///  FEATURES_OK     x                              x           x         x
///  DRIVER_OK       x                                          x         x
///  FAILED          x                                                    x
/// ```
/// A row is where the driver stands, a column where it may go with its next write; staying is
/// always allowed. The device adds [#NEEDS_RESET] by itself in any state, and only a reset takes it
/// away; a driver that has not seen it yet and writes without it clears nothing. SUSPEND (3.4) is
/// not offered here, so its bit is unknown.
public enum DeviceStatus {
  /// Nothing has happened, or the device was reset.
  RESET(0),
  /// The device was found.
  ACKNOWLEDGE(1),
  /// There is a driver for it.
  DRIVER(1 | 2),
  /// Features are negotiated.
  FEATURES_OK(1 | 2 | 8),
  /// It is live.
  DRIVER_OK(1 | 2 | 8 | 4),
  /// The driver gave up: any value with bit 128.
  FAILED(128);

  /// Bit: the device was found.
  public static final int ACKNOWLEDGE_BIT = 1;

  /// Bit: there is a driver for it.
  public static final int DRIVER_BIT = 2;

  /// Bit: it is live.
  public static final int DRIVER_OK_BIT = 4;

  /// Bit: features are negotiated.
  public static final int FEATURES_OK_BIT = 8;

  /// Bit, set by the device: only a reset helps.
  public static final int NEEDS_RESET = 64;

  /// Bit: the driver gave up.
  public static final int FAILED_BIT = 128;

  private static final int KNOWN =
      ACKNOWLEDGE_BIT | DRIVER_BIT | DRIVER_OK_BIT | FEATURES_OK_BIT | NEEDS_RESET | FAILED_BIT;

  private final int bits;

  DeviceStatus(int bits) {
    this.bits = bits;
  }

  /// The value of the field in this state.
  public int bits() {
    return bits;
  }

  /// The state of a field, whatever the device has added; empty for a value that is no step of
  /// 3.1.1.
  public static Optional<DeviceStatus> of(int field) {
    int driver = field & ~NEEDS_RESET;
    if ((driver & FAILED_BIT) != 0) {
      return (driver & ~KNOWN) == 0 ? Optional.of(FAILED) : Optional.empty();
    }
    for (DeviceStatus status : values()) {
      if (status.bits == driver) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }

  /// Where a driver may go from here with one write.
  public Set<DeviceStatus> next() {
    return switch (this) {
      case RESET -> EnumSet.of(RESET, ACKNOWLEDGE, FAILED);
      case ACKNOWLEDGE -> EnumSet.of(RESET, ACKNOWLEDGE, DRIVER, FAILED);
      case DRIVER -> EnumSet.of(RESET, DRIVER, FEATURES_OK, FAILED);
      case FEATURES_OK -> EnumSet.of(RESET, FEATURES_OK, DRIVER_OK, FAILED);
      case DRIVER_OK -> EnumSet.of(RESET, DRIVER_OK, FAILED);
      case FAILED -> EnumSet.of(RESET, FAILED);
    };
  }

  /// A driver writes the field: every step of 3.1.1, one at a time.
  ///
  /// @param field   its value now, 0 to 255
  /// @param written what the driver writes
  /// @return the value from now on
  /// @throws ProtocolException when the driver skips a step, clears a bit, or writes a bit that is
  ///     not known
  public static int write(int field, int written) throws ProtocolException {
    Optional<DeviceStatus> from = of(field);
    Optional<DeviceStatus> to = of(written);
    if (from.isEmpty() || to.isEmpty() || !from.get().next().contains(to.get())) {
      throw refused(field, written);
    }
    return monotonic(field, written);
  }

  /// A front-end tells the field (vhost-user SET_STATUS). It may not tell every step: QEMU goes
  /// from 0 to 8 to 15. So this only asks that no bit is cleared but all by a reset, that all bits
  /// are known, and that DRIVER_OK comes with FEATURES_OK.
  ///
  /// @param field its value now
  /// @param told  what the front-end says
  /// @return the value from now on
  /// @throws ProtocolException when it is not so
  public static int tell(int field, int told) throws ProtocolException {
    boolean ok = (told & DRIVER_OK_BIT) == 0 || (told & FEATURES_OK_BIT) != 0;
    if ((told & ~KNOWN) != 0 || !ok) {
      throw refused(field, told);
    }
    return monotonic(field, told);
  }

  private static int monotonic(int field, int written) throws ProtocolException {
    if (written == 0) {
      return 0;
    }
    if ((field & ~NEEDS_RESET & ~written) != 0) {
      throw refused(field, written);
    }
    return written | (field & NEEDS_RESET);
  }

  private static ProtocolException refused(int field, int written) {
    return new ProtocolException(
        "VIRTIO 2.1.1, 3.1.1",
        "device status 0x"
            + Integer.toHexString(written)
            + " after 0x"
            + Integer.toHexString(field));
  }
}
