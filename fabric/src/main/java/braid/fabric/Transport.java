package braid.fabric;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/// Netty's classes for one [TransportKind].
///
/// @param kind   never AUTO
/// @param group  the I/O threads
/// @param socket of connections that we make
/// @param server that accepts
record Transport(
    TransportKind kind,
    EventLoopGroup group,
    Class<? extends Channel> socket,
    Class<? extends ServerChannel> server) {

  /// Starts `threads` I/O threads.
  ///
  /// @param start run by each of them before anything else
  /// @throws FabricException when the kernel lacks what `wanted` needs
  static Transport open(TransportKind wanted, int threads, Runnable start) {
    TransportKind kind = wanted == TransportKind.AUTO ? best() : wanted;
    return switch (kind) {
      case IO_URING -> {
        require(IoUring.unavailabilityCause(), kind);
        yield new Transport(
            kind,
            group(threads, start, IoUringIoHandler.newFactory()),
            IoUringSocketChannel.class,
            IoUringServerSocketChannel.class);
      }
      case EPOLL -> {
        require(Epoll.unavailabilityCause(), kind);
        yield new Transport(
            kind,
            group(threads, start, EpollIoHandler.newFactory()),
            EpollSocketChannel.class,
            EpollServerSocketChannel.class);
      }
      case NIO, AUTO ->
          new Transport(
              TransportKind.NIO,
              group(threads, start, NioIoHandler.newFactory()),
              NioSocketChannel.class,
              NioServerSocketChannel.class);
    };
  }

  private static TransportKind best() {
    if (IoUring.isAvailable()) {
      return TransportKind.IO_URING;
    }
    return Epoll.isAvailable() ? TransportKind.EPOLL : TransportKind.NIO;
  }

  private static void require(@Nullable Throwable missing, TransportKind kind) {
    if (missing != null) {
      throw new FabricException(
          "fabric transport " + kind + " does not work here (" + missing + "): use auto", missing);
    }
  }

  private static EventLoopGroup group(int threads, Runnable start, IoHandlerFactory factory) {
    ThreadFactory plain = new DefaultThreadFactory("braid-fabric", true);
    ThreadFactory started = loop -> plain.newThread(() -> begin(start, loop));
    return new MultiThreadIoEventLoopGroup(threads, started, factory);
  }

  private static void begin(Runnable start, Runnable loop) {
    start.run();
    loop.run();
  }
}
