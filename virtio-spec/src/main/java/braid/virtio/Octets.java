package braid.virtio;

import java.util.Arrays;
import java.util.HexFormat;

/// Some bytes that do not change, for messages.
public final class Octets {
  private final byte[] bytes;

  private Octets(byte[] bytes) {
    this.bytes = bytes;
  }

  /// A copy of these.
  public static Octets of(byte... bytes) {
    return new Octets(bytes.clone());
  }

  /// How many.
  public int size() {
    return bytes.length;
  }

  /// A copy of them.
  public byte[] toArray() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Octets octets && Arrays.equals(bytes, octets.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
