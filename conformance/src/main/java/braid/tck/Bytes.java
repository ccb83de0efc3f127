package braid.tck;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Payloads, little-endian, put together by hand.
final class Bytes {
  private final ByteBuffer buffer = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);

  Bytes() {}

  Bytes u32(long value) {
    buffer.putInt((int) value);
    return this;
  }

  Bytes u64(long value) {
    buffer.putLong(value);
    return this;
  }

  Bytes zeros(int count) {
    buffer.put(new byte[count]);
    return this;
  }

  byte[] done() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }
}
