package braid.virtio;

/// Offsets in the common configuration structure of virtio-pci (VIRTIO 4.1.4.3), little-endian.
///
/// ```
///   0 device_feature_select u32   4 device_feature u32      8 driver_feature_select u32
///  12 driver_feature u32         16 config_msix_vector u16  18 num_queues u16
///  20 device_status u8           21 config_generation u8    22 queue_select u16
///  24 queue_size u16             26 queue_msix_vector u16   28 queue_enable u16
///  30 queue_notify_off u16       32 queue_desc u64          40 queue_driver u64
///  48 queue_device u64           56 queue_notif_config_data u16   58 queue_reset u16
///  60 admin_queue_index u16      62 admin_queue_num u16
/// ```
/// An access has the width of its field; a 64-bit field takes two of 32 bits (4.1.3.1).
public final class CommonConfig {
  /// Which 32 feature bits of the device to show, u32.
  public static final int DEVICE_FEATURE_SELECT = 0;

  /// 32 feature bits of the device, u32, read-only.
  public static final int DEVICE_FEATURE = 4;

  /// Which 32 feature bits of the driver to write, u32.
  public static final int DRIVER_FEATURE_SELECT = 8;

  /// 32 feature bits of the driver, u32.
  public static final int DRIVER_FEATURE = 12;

  /// MSI-X vector of configuration changes, u16.
  public static final int CONFIG_MSIX_VECTOR = 16;

  /// How many queues there are, u16, read-only.
  public static final int NUM_QUEUES = 18;

  /// Device status, u8; writing 0 resets.
  public static final int DEVICE_STATUS = 20;

  /// Changes with the device's configuration, u8, read-only.
  public static final int CONFIG_GENERATION = 21;

  /// Which queue the following fields are of, u16.
  public static final int QUEUE_SELECT = 22;

  /// Its size, u16; 0 when there is no such queue.
  public static final int QUEUE_SIZE = 24;

  /// Its MSI-X vector, u16.
  public static final int QUEUE_MSIX_VECTOR = 26;

  /// It is enabled, u16.
  public static final int QUEUE_ENABLE = 28;

  /// Its number for the doorbell, u16, read-only.
  public static final int QUEUE_NOTIFY_OFF = 30;

  /// Address of its descriptor table, u64.
  public static final int QUEUE_DESC = 32;

  /// Address of its available ring, u64.
  public static final int QUEUE_DRIVER = 40;

  /// Address of its used ring, u64.
  public static final int QUEUE_DEVICE = 48;

  /// What to write to the doorbell with NOTIF_CONFIG_DATA, u16, read-only.
  public static final int QUEUE_NOTIF_CONFIG_DATA = 56;

  /// Resets the queue with RING_RESET, u16.
  public static final int QUEUE_RESET = 58;

  /// Fewest bytes a device has of it: the fields of VERSION_1 without further features.
  public static final int BYTES_MIN = 56;

  /// Bytes of all fields.
  public static final int BYTES = 64;

  /// Vector that means none (4.1.5.1.2).
  public static final int NO_VECTOR = 0xffff;

  private CommonConfig() {}
}
