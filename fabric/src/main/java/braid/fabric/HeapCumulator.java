package braid.fabric;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.ByteToMessageDecoder.Cumulator;

/// Collects what the socket brought in arrays: the JDK's TLS works on arrays and decrypts from one
/// in two thirds of the time that it needs for native memory, which it copies piecewise.
///
/// The copy into the array is one that Netty makes anyway whenever a record is not complete.
final class HeapCumulator implements Cumulator {
  /// Several reads of the socket and the part of a record before them.
  private static final int BYTES = 128 << 10;

  @Override
  public ByteBuf cumulate(ByteBufAllocator allocator, ByteBuf rest, ByteBuf read) {
    ByteBuf into = rest;
    int bytes = read.readableBytes();
    if (into.hasArray() && into.refCnt() == 1 && into.writableBytes() < bytes) {
      into.discardReadBytes();
    }
    if (!into.hasArray() || into.refCnt() != 1 || into.writableBytes() < bytes) {
      into = allocator.heapBuffer(Math.max(BYTES, rest.readableBytes() + bytes));
      into.writeBytes(rest);
      rest.release();
    }
    into.writeBytes(read);
    read.release();
    return into;
  }
}
