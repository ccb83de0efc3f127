package braid.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The configuration space of a virtio-net device (VIRTIO 5.1.4).
///
/// ```
///   0 mac u8[6]   6 status u16   8 max_virtqueue_pairs u16   10 mtu u16
///  12 speed u32  16 duplex u8   17 rss_max_key_size u8   18 rss_max_indirection_table_length u16
///  20 supported_hash_types u32  24 supported_tunnel_types u32
/// ```
/// Little-endian. What the fields from 17 on describe is not offered here: they are written as 0
/// and not read.
///
/// @param mac      MAC address in the low 48 bits, first byte highest
/// @param status   [#LINK_UP] and [#ANNOUNCE]
/// @param maxPairs queue pairs, 1 to 0x8000
/// @param mtu      bytes, 68 to 65535
/// @param speed    Mbit/s, or [#UNKNOWN_SPEED]
/// @param duplex   [#FULL_DUPLEX], 0 for half, or [#UNKNOWN_DUPLEX]
public record NetConfig(long mac, int status, int maxPairs, int mtu, int speed, int duplex) {
  /// Bytes of the space.
  public static final int BYTES = 28;

  /// Fewest bytes [#parse] takes: MAC and status.
  public static final int BYTES_MIN = 8;

  /// Offset of the MAC address.
  public static final int MAC = 0;

  /// Offset of the status.
  public static final int STATUS = 6;

  /// Offset of max_virtqueue_pairs.
  public static final int MAX_PAIRS = 8;

  /// Offset of the MTU.
  public static final int MTU = 10;

  /// Offset of the speed.
  public static final int SPEED = 12;

  /// Offset of the duplex.
  public static final int DUPLEX = 16;

  /// Status: the link is up.
  public static final int LINK_UP = 1;

  /// Status: the driver shall announce itself.
  public static final int ANNOUNCE = 2;

  /// Speed: not known.
  public static final int UNKNOWN_SPEED = -1;

  /// Duplex: full.
  public static final int FULL_DUPLEX = 1;

  /// Duplex: not known.
  public static final int UNKNOWN_DUPLEX = 0xff;

  /// Smallest MTU (5.1.4.1).
  public static final int MTU_MIN = 68;

  /// Checks the ranges (5.1.4.1).
  public NetConfig {
    if (mac >>> 48 != 0
        || maxPairs < 1
        || maxPairs > 0x8000
        || mtu < MTU_MIN
        || mtu > 0xffff
        || (status & ~0xffff) != 0
        || (duplex & ~0xff) != 0) {
      throw new IllegalArgumentException(
          "mac " + Long.toHexString(mac) + ", pairs " + maxPairs + ", mtu " + mtu);
    }
  }

  /// The bytes of the whole space.
  public byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 6; i++) {
      out.put(MAC + i, (byte) (mac >>> (40 - 8 * i)));
    }
    out.putShort(STATUS, (short) status);
    out.putShort(MAX_PAIRS, (short) maxPairs);
    out.putShort(MTU, (short) mtu);
    out.putInt(SPEED, speed);
    out.put(DUPLEX, (byte) duplex);
    return out.array();
  }

  /// Reads a space as far as the features say that its fields exist; the rest gets what a driver is
  /// to assume: link up, one pair, an MTU of 1500, unknown speed.
  ///
  /// @param bytes    the space from offset 0 on, at least [#BYTES_MIN]
  /// @param features what was negotiated
  /// @throws ProtocolException when a field is missing or out of its range
  public static NetConfig parse(byte[] bytes, long features) throws ProtocolException {
    int needed =
        Feature.SPEED_DUPLEX.in(features)
            ? DUPLEX + 1
            : Feature.MTU.in(features)
                ? MTU + 2
                : Feature.MQ.in(features) ? MAX_PAIRS + 2 : BYTES_MIN;
    if (bytes.length < needed) {
      throw new ProtocolException(
          "VIRTIO 5.1.4", "configuration space of " + bytes.length + " bytes, wanted " + needed);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long mac = 0;
    for (int i = 0; i < 6; i++) {
      mac = mac << 8 | (in.get(MAC + i) & 0xff);
    }
    int pairs = Feature.MQ.in(features) ? in.getShort(MAX_PAIRS) & 0xffff : 1;
    int mtu = Feature.MTU.in(features) ? in.getShort(MTU) & 0xffff : 1500;
    if (pairs < 1 || pairs > 0x8000 || mtu < MTU_MIN) {
      throw new ProtocolException(
          "VIRTIO 5.1.4.1", "max_virtqueue_pairs " + pairs + ", mtu " + mtu);
    }
    boolean speed = Feature.SPEED_DUPLEX.in(features);
    return new NetConfig(
        mac,
        Feature.STATUS.in(features) ? in.getShort(STATUS) & 0xffff : LINK_UP,
        pairs,
        mtu,
        speed ? in.getInt(SPEED) : UNKNOWN_SPEED,
        speed ? in.get(DUPLEX) & 0xff : UNKNOWN_DUPLEX);
  }

  /// The link is up.
  public boolean linkUp() {
    return (status & LINK_UP) != 0;
  }

  /// The driver is asked to announce itself.
  public boolean announce() {
    return (status & ANNOUNCE) != 0;
  }
}
