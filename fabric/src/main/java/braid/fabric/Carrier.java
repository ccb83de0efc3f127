package braid.fabric;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Moves bytes between one channel, behind its TLS handler, and the rings of a [Connection].
///
/// **Theory of operation.** All of it runs on the channel's I/O thread. Incoming bytes are copied
/// into the ring as they are decrypted and published once per read of the socket; what finds no
/// place waits here, and the socket is not read until it has found one. Outgoing bytes are copied
/// out of the ring only as long as the channel is writable, a TLS record at a time, so the ring is
/// where a slow socket shows and little lies behind it in front of a continuity check.
///
/// It knows nothing of records. **Ownership**: the connection's rings until the channel is
/// inactive.
final class Carrier extends ChannelInboundHandlerAdapter {
  /// Bytes encrypted and handed to the socket at a time: what the JDK puts into one record of TLS
  /// 1.3 (2^14 less a type and a tag). One byte more would be a second record. Larger pieces are
  /// slower: while one is sent and received the other processors wait, and it leaves the cache.
  static final int PIECE = 16_367;

  /// Pieces in one go: other connections of the thread, and what comes in on this one, have a turn
  /// in between.
  private static final int PIECES = 16;

  /// How long a goodbye may take on a socket that nobody reads.
  private static final long FAREWELL_MILLIS = 2_000;

  private static final Ending LOST =
      new Ending(
          FabricEvent.Kind.LOST,
          "the peer closed without a goodbye: its process ended, or was killed");

  /// What becomes of a channel, told on the I/O thread.
  interface Owner {
    /// TLS is up: rings for it, or null when it is not wanted; the owner has said why.
    @Nullable Connection open(Channel channel, Set<String> names, SocketAddress address);

    /// It ended before TLS was up.
    void failed(Channel channel, Ending why);
  }

  private final Owner owner;
  private final Deque<ByteBuf> backlog = new ArrayDeque<>();
  private @Nullable Connection connection;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Ending ending;
  private boolean over;
  private boolean leaving;

  Carrier(Owner owner) {
    this.owner = owner;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof SslHandshakeCompletionEvent done)) {
      ctx.fireUserEventTriggered(event);
      return;
    }
    if (!done.isSuccess()) {
      ending = Refusal.of(done.cause());
      close(ctx);
      return;
    }
    SslHandler tls = ctx.pipeline().get(SslHandler.class);
    Connection made =
        owner.open(
            ctx.channel(), Tls.names(tls.engine().getSession()), ctx.channel().remoteAddress());
    if (made == null) {
      over = true;
      close(ctx);
      return;
    }
    connection = made;
  }

  /// The worker called: the I/O thread looks.
  void look() {
    ChannelHandlerContext ctx = context;
    Connection at = connection;
    if (ctx == null || at == null || over) {
      return;
    }
    at.look();
    if (at.aborted()) {
      close(ctx);
      return;
    }
    if (!backlog.isEmpty()) {
      drainBacklog(ctx, at);
      at.arrived();
    }
    write(ctx, at);
  }

  /// The fabric closes: nobody waits for this channel if it has no connection yet.
  void closeStranger() {
    if (context != null && connection == null) {
      close(context);
    }
  }

  /// The peer's process is no more, though its socket still stands.
  void peerGone() {
    ChannelHandlerContext ctx = context;
    Connection at = connection;
    if (ctx != null && at != null && !over) {
      over = true;
      at.ended(LOST);
      close(ctx);
    }
  }

  // In

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    Connection at = connection;
    if (at == null || over) {
      bytes.release();
      return;
    }
    backlog.add(bytes);
    if (backlog.size() == 1) {
      drainBacklog(ctx, at);
    }
  }

  private void drainBacklog(ChannelHandlerContext ctx, Connection at) {
    ByteRing ring = at.incoming();
    for (ByteBuf bytes = backlog.peek(); bytes != null; bytes = backlog.peek()) {
      while (bytes.isReadable()) {
        int place = Math.min(ring.contiguousFree(), bytes.readableBytes());
        if (place == 0) {
          at.arrived();
          if (at.wantSpace()) {
            ctx.channel().config().setAutoRead(false);
            return;
          }
          continue;
        }
        Bytes.copy(bytes, ring.putAddress(), place);
        ring.advance(place);
      }
      backlog.remove();
      bytes.release();
    }
    if (!ctx.channel().config().isAutoRead()) {
      ctx.channel().config().setAutoRead(true);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    Connection at = connection;
    if (at != null && !over) {
      at.arrived();
    }
    ctx.fireChannelReadComplete();
  }

  // Out

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    Connection at = connection;
    if (at != null && !over && ctx.channel().isWritable()) {
      write(ctx, at);
    }
  }

  private void write(ChannelHandlerContext ctx, Connection at) {
    ByteRing ring = at.outgoing();
    int pieces = 0;
    for (; pieces < PIECES && ctx.channel().isWritable(); pieces++) {
      int bytes = Math.min(PIECE, ring.readable());
      if (bytes == 0) {
        break;
      }
      ByteBuf out = ctx.alloc().buffer(bytes);
      for (int left = bytes; left > 0; ) {
        int part = Math.min(left, ring.contiguousReadable());
        Bytes.copy(ring.takeAddress(), out, part);
        ring.consume(part);
        left -= part;
      }
      ChannelFuture _ = ctx.writeAndFlush(out, ctx.voidPromise());
    }
    if (pieces > 0) {
      at.departed();
    }
    if (pieces == PIECES) {
      ctx.executor().execute(this::look);
    }
    if (at.hangingUp()) {
      leave(ctx, at);
    }
  }

  private void leave(ChannelHandlerContext ctx, Connection at) {
    if (at.outgoing().readable() == 0) {
      close(ctx);
    } else if (!leaving) {
      leaving = true;
      Future<?> _ =
          ctx.executor().schedule(() -> close(ctx), FAREWELL_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  // The end

  private static void close(ChannelHandlerContext ctx) {
    ChannelFuture _ = ctx.close(); // channelInactive follows
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (ending == null) {
      ending = Refusal.of(cause);
    }
    close(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    backlog.forEach(ByteBuf::release);
    backlog.clear();
    if (over) {
      return;
    }
    over = true;
    Ending how = ending != null ? ending : LOST;
    if (connection != null) {
      connection.ended(how);
    } else {
      owner.failed(ctx.channel(), how);
    }
  }
}
