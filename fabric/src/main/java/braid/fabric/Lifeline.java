package braid.fabric;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.IntPredicate;

/// A second connection beside an established session, which carries nothing: its end says that the
/// peer's process has ended.
///
/// **Why.** A process that is killed closes its sockets only when its memory is gone, which takes a
/// JVM 10 ms; so the session's own connection tells late. The lifeline's far end lies with a thread
/// of its own ([FabricSettings#keeper]), and a thread is gone at once.
///
/// **How.** The side that dialled connects to the same port once more and says, in the clear:
/// ```
/// 0  8  0x0042524149444c4c  no TLS record begins with 0
/// 8  8  number of the session, which the peer knows from the greeting inside TLS
/// ```
/// The other side answers with one byte when the connection is kept, and closes it otherwise. Only
/// after that byte an end counts. Who forges one, or cuts one, makes a session reconnect, as
/// whoever cuts its own connection can; nothing else passes here.
///
/// **Thread**: the channel's I/O thread.
final class Lifeline {
  private static final long GREETING = 0x0042_5241_4944_4c4cL;
  private static final int BYTES = 16;
  private static final byte KEPT = 1;

  private Lifeline() {}

  /// The dialling side's end.
  static final class Near extends ChannelInboundHandlerAdapter {
    private final long session;
    private final Runnable gone;
    private boolean kept;

    /// @param gone run when the peer's process has ended
    Near(long session, Runnable gone) {
      this.session = session;
      this.gone = gone;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ByteBuf greeting = ctx.alloc().buffer(BYTES).writeLong(GREETING).writeLong(session);
      ChannelFuture _ = ctx.writeAndFlush(greeting);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      kept = true;
      ((ByteBuf) message).release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ChannelFuture _ = ctx.close(); // a reset is an end, too
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (kept) {
        gone.run();
      }
    }
  }

  /// Who is asked about a lifeline that arrives.
  @FunctionalInterface
  interface Register {
    /// Whether a session is established; `answer` is told on any thread, when it is.
    void ask(long session, Runnable answer);
  }

  /// Stands before TLS on a connection that was made to us, and takes lifelines out.
  static final class Door extends ByteToMessageDecoder {
    private final Register register;
    private final IntPredicate keeper;
    private final Runnable taken;

    /// @param taken run when the connection turns out to be a lifeline
    Door(Register register, IntPredicate keeper, Runnable taken) {
      this.register = register;
      this.keeper = keeper;
      this.taken = taken;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      if (in.getByte(in.readerIndex()) != 0) {
        ctx.pipeline().remove(this); // what came goes on to TLS
        return;
      }
      if (in.readableBytes() < BYTES) {
        return;
      }
      boolean greeted = in.readLong() == GREETING;
      long session = in.readLong();
      in.skipBytes(in.readableBytes());
      if (!greeted) {
        ChannelFuture _ = ctx.close();
        return;
      }
      taken.run();
      register.ask(session, () -> ctx.executor().execute(() -> keep(ctx)));
    }

    private void keep(ChannelHandlerContext ctx) {
      Channel channel = ctx.channel();
      if (!channel.isActive()
          || !(channel instanceof UnixChannel unix)
          || !keeper.test(unix.fd().intValue())) {
        ChannelFuture _ = ctx.close();
        return;
      }
      ChannelFuture _ =
          ctx.writeAndFlush(Unpooled.buffer(1).writeByte(KEPT))
              .addListener(
                  _ -> {
                    ChannelFuture _ = ctx.close();
                  });
    }
  }
}
