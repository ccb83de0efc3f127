package braid.fabric;

import braid.port.Memory;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Copies between Netty's buffers and native memory.
final class Bytes {
  private Bytes() {}

  /// Takes `count` readable bytes out of `from`.
  static void copy(ByteBuf from, long to, int count) {
    if (from.hasArray()) {
      Memory.write(from.array(), from.arrayOffset() + from.readerIndex(), to, count);
    } else if (from.hasMemoryAddress()) {
      Memory.copy(from.memoryAddress() + from.readerIndex(), to, count);
    } else {
      from.getBytes(from.readerIndex(), view(to, count));
    }
    from.skipBytes(count);
  }

  /// Appends `count` bytes to `to`, which has room for them.
  static void copy(long from, ByteBuf to, int count) {
    if (to.hasArray()) {
      Memory.read(from, to.array(), to.arrayOffset() + to.writerIndex(), count);
    } else if (to.hasMemoryAddress()) {
      Memory.copy(from, to.memoryAddress() + to.writerIndex(), count);
    } else {
      to.setBytes(to.writerIndex(), view(from, count));
    }
    to.writerIndex(to.writerIndex() + count);
  }

  /// For buffers that hide where they lie (Netty without Unsafe); allocates.
  private static ByteBuffer view(long address, int count) {
    return MemorySegment.ofAddress(address).reinterpret(count).asByteBuffer();
  }
}
