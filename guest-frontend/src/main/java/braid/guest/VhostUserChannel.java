package braid.guest;

import braid.kernel.Fd;
import braid.kernel.LinuxException;
import braid.kernel.UnixSocket;
import braid.virtio.BackendMessage;
import braid.virtio.DeviceStatus;
import braid.virtio.Feature;
import braid.virtio.FrontendMessage;
import braid.virtio.MemoryRegion;
import braid.virtio.NetConfig;
import braid.virtio.ProtocolException;
import braid.virtio.ProtocolFeature;
import braid.virtio.SplitRing;
import braid.virtio.VhostUserCodec;
import braid.virtio.VhostUserHeader;
import braid.virtio.VhostUserReply;
import braid.virtio.VhostUserRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One vhost-user connection, seen from the front-end: requests go out, each waits for its answer.
///
/// A thread reads the socket, so that the end of the connection is noticed at once and not at the
/// next request; it hands replies over. Another reads what the back-end asks by itself
/// (BACKEND_REQ).
///
/// With REPLY_ACK every request is acknowledged: a back-end that cannot do something says so, and
/// what was set is in force when the call returns.
///
/// **Thread**: one caller at a time (the lock of [VhostUserTransport]); [#close] and [#awaitEnd]
/// from any.
final class VhostUserChannel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VhostUserChannel.class);

  private static final long WANTED =
      ProtocolFeature.of(
          ProtocolFeature.REPLY_ACK,
          ProtocolFeature.BACKEND_REQ,
          ProtocolFeature.CONFIG,
          ProtocolFeature.STATUS);

  /// MAC, status, pairs, MTU.
  private static final int CONFIG_BYTES = 12;

  private record Answer(VhostUserHeader header, ByteBuffer payload) {}

  private final UnixSocket socket;
  private final Runnable configChanged;
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable UnixSocket backendRequests;
  private long features;
  private long protocol;

  /// @param socket        closed by this
  /// @param configChanged run, on a thread of this, when the back-end says so
  VhostUserChannel(UnixSocket socket, Runnable configChanged) {
    this.socket = socket;
    this.configChanged = configChanged;
  }

  /// Starts to read.
  void open() {
    socket.timeouts(Duration.ZERO, VhostUserTransport.ANSWER);
    start("vhost-user replies", this::readAnswers);
  }

  private static void start(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void readAnswers() {
    try {
      Answer answer = read(socket);
      while (answer != null) {
        answers.add(answer);
        answer = read(socket);
      }
    } catch (ProtocolException | LinuxException | IllegalStateException e) {
      LOG.debug("vhost-user connection ends: {}", e.getMessage());
    } finally {
      ended.countDown();
    }
  }

  /// The next message, null at the end. Descriptors that came along are closed: nothing that we
  /// ask for has any.
  private static @Nullable Answer read(UnixSocket from) throws ProtocolException {
    List<Fd> fds = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(VhostUserHeader.BYTES);
      if (from.receiveFully(head, fds) < VhostUserHeader.BYTES) {
        return null;
      }
      VhostUserHeader header = VhostUserHeader.parse(ByteBuffer.wrap(bytes(head)));
      if (header.size() == 0) {
        return new Answer(header, ByteBuffer.allocate(0));
      }
      MemorySegment body = arena.allocate(header.size());
      if (from.receiveFully(body, fds) < header.size()) {
        return null;
      }
      return new Answer(header, ByteBuffer.wrap(bytes(body)));
    } finally {
      fds.forEach(Fd::close);
    }
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  /// Returns when the connection has ended.
  void awaitEnd() {
    boolean interrupted = false;
    while (true) {
      try {
        ended.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // Requests

  private VhostUserReply ask(FrontendMessage message) throws ProtocolException {
    send(message, List.of(), false);
    return answerTo(message.request());
  }

  private long askNumber(FrontendMessage message) throws ProtocolException {
    return ask(message) instanceof VhostUserReply.U64 number ? number.value() : 0;
  }

  private void tell(FrontendMessage message, Fd... fds) throws ProtocolException {
    boolean acknowledged = ProtocolFeature.REPLY_ACK.in(protocol);
    send(message, List.of(fds), acknowledged);
    if (acknowledged
        && answerTo(message.request()) instanceof VhostUserReply.U64 result
        && result.value() != 0) {
      throw new TransportException("the back-end refuses " + message);
    }
  }

  private void send(FrontendMessage message, List<Fd> fds, boolean needReply) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = VhostUserCodec.encode(message, needReply);
      socket.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), fds);
    }
  }

  private VhostUserReply answerTo(VhostUserRequest request) throws ProtocolException {
    long end = VhostUserTransport.ANSWER.toNanos();
    try {
      for (long waited = 0; waited < end; waited += 10_000_000) {
        Answer answer = answers.poll(10, TimeUnit.MILLISECONDS);
        if (answer != null) {
          return VhostUserCodec.reply(request, answer.header, answer.payload);
        }
        if (ended.getCount() == 0 && answers.isEmpty()) {
          throw new TransportException("the back-end hung up instead of answering " + request);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransportException("interrupted while waiting for an answer to " + request, e);
    }
    // An answer that comes later would be taken for the next one's.
    close();
    throw new TransportException("the back-end does not answer " + request);
  }

  /// Agrees on features of the connection and takes the device.
  void negotiate() throws ProtocolException {
    features = askNumber(new FrontendMessage.GetFeatures());
    if (Feature.PROTOCOL_FEATURES.in(features)) {
      long offered = askNumber(new FrontendMessage.GetProtocolFeatures());
      long chosen = offered & WANTED;
      tell(new FrontendMessage.SetProtocolFeatures(chosen));
      protocol = chosen;
    }
    tell(new FrontendMessage.SetOwner());
    if (ProtocolFeature.BACKEND_REQ.in(protocol)) {
      List<UnixSocket> pair = UnixSocket.pair();
      try (UnixSocket theirs = pair.get(1)) {
        UnixSocket ours = pair.get(0);
        backendRequests = ours;
        tell(new FrontendMessage.SetBackendReqFd(), theirs.fd());
        start("vhost-user requests", () -> readRequests(ours));
      }
    }
  }

  /// Feature bits that the back-end offers, without the one that is about the connection.
  long features() {
    return features & ~Feature.PROTOCOL_FEATURES.mask();
  }

  /// The back-end has the configuration space.
  boolean hasConfig() {
    return ProtocolFeature.CONFIG.in(protocol);
  }

  /// The configuration as the back-end has it.
  NetConfig config(long offered) throws ProtocolException {
    VhostUserReply reply = ask(new FrontendMessage.GetConfig(0, CONFIG_BYTES, 0));
    if (reply instanceof VhostUserReply.Config config) {
      long known = offered & ~(Feature.MQ.mask() | Feature.SPEED_DUPLEX.mask());
      return NetConfig.parse(config.bytes().toArray(), known);
    }
    throw new ProtocolException("Virtio device config space", "the back-end refuses GET_CONFIG");
  }

  /// Tells which features the driver took; bits that are the front-end's own stay here.
  void setFeatures(long taken) throws ProtocolException {
    long bits = taken & features;
    long connection = features & Feature.PROTOCOL_FEATURES.mask();
    tell(new FrontendMessage.SetFeatures(bits | connection));
    if (ProtocolFeature.STATUS.in(protocol)) {
      tell(new FrontendMessage.SetStatus(DeviceStatus.FEATURES_OK.bits()));
    }
  }

  /// Gives the back-end the DMA memory as the only memory there is.
  void setMemory(DmaMemory memory) throws ProtocolException {
    long bytes = memory.memory().byteSize();
    long user = memory.memory().address();
    MemoryRegion region = new MemoryRegion(DmaMemory.IOVA, bytes, user, 0);
    tell(new FrontendMessage.SetMemTable(List.of(region)), memory.file());
  }

  /// Tells where a ring lies, in addresses of this process, and how to signal.
  void setQueue(int queue, SplitRing ring, Fd kick, Fd call) throws ProtocolException {
    tell(new FrontendMessage.SetVringNum(queue, ring.size()));
    tell(new FrontendMessage.SetVringBase(queue, 0));
    tell(
        new FrontendMessage.SetVringAddr(
            queue, 0, ring.desc().address(), ring.used().address(), ring.avail().address(), 0));
    tell(new FrontendMessage.SetVringCall(queue, true), call);
    tell(new FrontendMessage.SetVringKick(queue, true), kick);
  }

  /// Lets the two rings run.
  void enable(int status) throws ProtocolException {
    if (Feature.PROTOCOL_FEATURES.in(features)) {
      tell(new FrontendMessage.SetVringEnable(0, true));
      tell(new FrontendMessage.SetVringEnable(1, true));
    }
    if (ProtocolFeature.STATUS.in(protocol)) {
      tell(new FrontendMessage.SetStatus(status));
    }
  }

  /// Stops the rings; on return the back-end uses the memory no more.
  void stop(int queues) throws ProtocolException {
    for (int i = 0; i < queues; i++) {
      ask(new FrontendMessage.GetVringBase(i));
    }
    if (ProtocolFeature.STATUS.in(protocol)) {
      tell(new FrontendMessage.SetStatus(0));
    }
  }

  // Requests of the back-end

  private void readRequests(UnixSocket from) {
    try {
      Answer request = read(from);
      while (request != null) {
        serve(from, request);
        request = read(from);
      }
    } catch (ProtocolException | LinuxException | IllegalStateException e) {
      LOG.debug("vhost-user back-end requests end: {}", e.getMessage());
    }
  }

  private void serve(UnixSocket from, Answer request) throws ProtocolException {
    VhostUserHeader header = request.header;
    BackendMessage message = VhostUserCodec.backend(header, request.payload, 0);
    boolean served = message instanceof BackendMessage.ConfigChange;
    if (header.needsReply()) {
      byte[] ack = VhostUserCodec.encodeReply(message.request(), VhostUserReply.ack(served));
      try (Arena arena = Arena.ofConfined()) {
        from.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, ack), List.of());
      }
    }
    if (served) {
      configChanged.run();
    }
  }

  @Override
  public void close() {
    socket.shutdown();
    socket.close();
    UnixSocket requests = backendRequests;
    if (requests != null) {
      requests.shutdown();
      requests.close();
    }
  }
}
