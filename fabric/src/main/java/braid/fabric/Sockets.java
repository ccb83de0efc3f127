package braid.fabric;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Netty's side of the fabric: listens, dials, sets up TLS, and hands connections over.
///
/// **Thread**: [#dial] the worker's, the rest any; what it tells its [Landing] comes on I/O
/// threads.
final class Sockets implements AutoCloseable {
  /// Where connections land.
  interface Landing {
    /// The port's attempt succeeded.
    void dialed(FabricPort port, Connection connection);

    /// The port's attempt failed.
    void failed(FabricPort port, Ending why);

    /// Somebody connected, and TLS has proven who.
    void accepted(Connection connection);

    /// Tells `answer` if a session of this number is established ([Lifeline]).
    void lifeline(long session, Runnable answer);

    /// Somebody connected, and did not get as far as that.
    void refused(String host, Ending why);
  }

  /// Connections whose TLS handshake is under way; more are closed at once.
  private static final int HANDSHAKES_MAX = 128;

  /// Bytes that the kernel queues beyond what is in flight: what lies in front of a continuity
  /// check on a slow way.
  private static final long UNSENT_MAX = 128 << 10;

  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(Carrier.PIECE, 2 * Carrier.PIECE);

  /// How long a closing connection waits for its last bytes to leave.
  private static final long CLOSE_NOTIFY_MILLIS = 200;

  private static final long CLOSE_SECONDS = 1;

  private final FabricSettings settings;
  private final Runnable wakeWorker;
  private final Landing landing;
  private final Transport transport;
  private final RingMemory memory;
  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private final AtomicInteger handshakes = new AtomicInteger();
  private volatile Tls tls;
  private @Nullable Channel listener;

  /// @throws braid.fabric.pki.PkiException naming the file that cannot be used
  /// @throws FabricException for a transport that cannot be used
  Sockets(FabricSettings settings, Runnable wakeWorker, Landing landing) {
    this.settings = settings;
    this.wakeWorker = wakeWorker;
    this.landing = landing;
    this.tls = Tls.of(settings.tls(), settings.node());
    this.transport = Transport.open(settings.transport(), settings.ioThreads(), settings.ioStart());
    this.memory = new RingMemory(settings.window().ringBytes());
  }

  TransportKind transport() {
    return transport.kind();
  }

  void reloadCertificates() {
    tls = Tls.of(settings.tls(), settings.node());
  }

  @Nullable InetSocketAddress address() {
    Channel at = listener;
    return at == null ? null : (InetSocketAddress) at.localAddress();
  }

  /// Listens where the settings say.
  void listen() {
    InetSocketAddress at = settings.listen();
    if (at == null) {
      return;
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(transport.group())
            .channel(transport.server())
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, HANDSHAKES_MAX)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted(channel);
                  }
                });
    var bound = bootstrap.bind(at).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new FabricException(
          "fabric cannot listen at "
              + at
              + ": "
              + Refusal.root(bound.cause())
              + "; is the address of this machine, and the port free?",
          bound.cause());
    }
    listener = bound.channel();
  }

  private void accepted(Channel channel) {
    if (handshakes.incrementAndGet() > HANDSHAKES_MAX) {
      handshakes.decrementAndGet();
      ChannelFuture _ = channel.close();
      return;
    }
    channels.add(channel);
    Guest guest = new Guest();
    set(channel, tls.server(), guest);
    channel
        .pipeline()
        .addFirst(new Lifeline.Door(landing::lifeline, settings.keeper(), guest::isLifeline));
  }

  /// Begins an attempt; see [Dialer].
  void dial(RemoteNic remote, FabricPort port) {
    ChannelInitializer<Channel> initializer =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            channels.add(channel);
            set(channel, tls.client(), new Host(remote, port));
          }
        };
    ChannelFuture _ =
        connect(transport.group(), initializer, remote.address())
            .addListener(
                done -> {
                  if (!done.isSuccess()) {
                    landing.failed(
                        port,
                        new Ending(
                            FabricEvent.Kind.UNREACHABLE,
                            remote.address()
                                + ": "
                                + Refusal.root(done.cause())
                                + "; does the node run, and does the way lead there?"));
                  }
                });
  }

  private ChannelFuture connect(EventLoopGroup group, ChannelHandler handler, SocketAddress to) {
    int patience = (int) TimeUnit.NANOSECONDS.toMillis(settings.timing().handshake());
    return new Bootstrap()
        .group(group)
        .channel(transport.socket())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, patience)
        .handler(handler)
        .connect(to);
  }

  /// Lays a line beside an established session.
  private void lifeline(long session, Channel beside) {
    Carrier carrier = beside.pipeline().get(Carrier.class);
    if (carrier == null) {
      return; // it has ended already
    }
    Runnable gone = () -> beside.eventLoop().execute(carrier::peerGone);
    ChannelFuture laid =
        connect(beside.eventLoop(), new Lifeline.Near(session, gone), beside.remoteAddress());
    channels.add(laid.channel());
    ChannelFuture _ =
        beside
            .closeFuture()
            .addListener(
                _ -> {
                  ChannelFuture _ = laid.channel().close();
                });
  }

  private void set(Channel channel, SslContext context, Carrier.Owner owner) {
    // Netty's newer default makes a new array for each record that is encrypted: a sixth of all
    // processor time.
    channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
    channel.config().setOption(ChannelOption.TCP_NODELAY, true);
    channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK);
    switch (transport.kind()) {
      case IO_URING ->
          channel.config().setOption(IoUringChannelOption.TCP_NOTSENT_LOWAT, UNSENT_MAX);
      case EPOLL -> channel.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_MAX);
      case NIO, AUTO -> {} // the JDK has no such option
    }
    SslHandler handler = context.newHandler(channel.alloc());
    handler.setWrapDataSize(Carrier.PIECE);
    handler.setCumulator(new HeapCumulator());
    handler.setHandshakeTimeout(settings.timing().handshake(), TimeUnit.NANOSECONDS);
    handler.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MILLIS);
    channel.pipeline().addLast(handler, new Carrier(owner));
  }

  private Connection connection(Channel channel, Set<String> names, SocketAddress address) {
    MemorySegment outgoing = memory.take();
    MemorySegment incoming = memory.take();
    Connection made =
        new Connection(
            new ByteRing(outgoing),
            new ByteRing(incoming),
            wakeWorker,
            new Connection.Peer(names, address),
            () -> {
              memory.give(outgoing);
              memory.give(incoming);
            });
    Carrier carrier = channel.pipeline().get(Carrier.class);
    made.onCall(() -> channel.eventLoop().execute(carrier::look));
    return made;
  }

  @Override
  public void close() {
    Channel at = listener;
    if (at != null) {
      at.close().awaitUninterruptibly();
    }
    for (Channel channel : channels) {
      Carrier carrier = channel.pipeline().get(Carrier.class);
      if (carrier != null) {
        channel.eventLoop().execute(carrier::closeStranger);
      }
    }
    // Goodbyes are on their way; who does not let them go is cut off.
    if (!channels.newCloseFuture().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS)) {
      channels.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
    // Only now: a channel that closes on an ending event loop fails noisily.
    transport
        .group()
        .shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(2 * CLOSE_SECONDS, TimeUnit.SECONDS);
    memory.close();
  }

  /// We called.
  private final class Host implements Carrier.Owner {
    private final RemoteNic remote;
    private final FabricPort port;

    Host(RemoteNic remote, FabricPort port) {
      this.remote = remote;
      this.port = port;
    }

    @Override
    public @Nullable Connection open(Channel channel, Set<String> names, SocketAddress address) {
      if (!names.contains(remote.node())) {
        failed(
            channel,
            new Ending(
                FabricEvent.Kind.REFUSED,
                "at "
                    + address
                    + " is "
                    + String.join(", ", names)
                    + ", not "
                    + remote.node()
                    + ": correct the address or the node's name"));
        return null;
      }
      Connection made = connection(channel, names, address);
      made.onEstablished(session -> lifeline(session, channel));
      landing.dialed(port, made);
      return made;
    }

    @Override
    public void failed(Channel channel, Ending why) {
      landing.failed(port, why);
    }
  }

  /// Somebody called us.
  private final class Guest implements Carrier.Owner {
    private boolean lifeline;

    /// What it wants is not TLS.
    void isLifeline() {
      lifeline = true;
    }

    @Override
    public Connection open(Channel channel, Set<String> names, SocketAddress address) {
      handshakes.decrementAndGet();
      Connection made = connection(channel, names, address);
      landing.accepted(made);
      return made;
    }

    @Override
    public void failed(Channel channel, Ending why) {
      handshakes.decrementAndGet();
      if (lifeline) {
        return;
      }
      SocketAddress from = channel.remoteAddress();
      String host =
          from instanceof InetSocketAddress inet ? inet.getHostString() : String.valueOf(from);
      landing.refused(host, why);
    }
  }
}
