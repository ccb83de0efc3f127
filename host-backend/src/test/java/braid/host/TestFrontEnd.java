package braid.host;

import braid.kernel.EventFd;
import braid.kernel.Fd;
import braid.kernel.UnixSocket;
import braid.virtio.BackendMessage;
import braid.virtio.FrontendMessage;
import braid.virtio.FrontendMessage.*;
import braid.virtio.MemoryRegion;
import braid.virtio.VhostUserCodec;
import braid.virtio.VhostUserHeader;
import braid.virtio.VhostUserReply;
import braid.virtio.VhostUserRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A front-end over a real socket, with a [TestGuest] behind it.
final class TestFrontEnd implements AutoCloseable {
  final UnixSocket socket;
  final TestGuest guest;
  final EventFd[] kicks = {EventFd.create(), EventFd.create(), EventFd.create()};
  final EventFd[] calls = {EventFd.create(), EventFd.create(), EventFd.create()};
  final EventFd[] errors = {EventFd.create(), EventFd.create(), EventFd.create()};
  final List<UnixSocket> channel = UnixSocket.pair();
  private final Arena arena = Arena.ofShared();
  private boolean needReply;

  TestFrontEnd(Path path, TestGuest guest) {
    this(UnixSocket.connect(path), guest);
  }

  TestFrontEnd(UnixSocket connected, TestGuest guest) {
    this.guest = guest;
    socket = connected.timeouts(Duration.ofSeconds(10), Duration.ofSeconds(10));
    channel.get(0).timeouts(Duration.ofSeconds(10), Duration.ofSeconds(10));
  }

  /// From now on every request that has no reply of its own asks for an acknowledgement.
  void needReply() {
    needReply = true;
  }

  void raw(byte[] bytes, List<Fd> fds) {
    MemorySegment out = arena.allocate(bytes.length);
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, bytes.length);
    socket.send(out, fds);
  }

  /// Sends a request and, when it has one, gives the reply; fails on a refusal.
  VhostUserReply send(FrontendMessage message, Fd... fds) {
    VhostUserReply reply = tell(message, fds);
    if (reply instanceof VhostUserReply.U64(long value)
        && message.request().reply().isEmpty()
        && value != 0) {
      throw new AssertionError(message + " refused");
    }
    return reply;
  }

  VhostUserReply tell(FrontendMessage message, Fd... fds) {
    boolean ack = needReply && message.request().reply().isEmpty();
    raw(VhostUserCodec.encode(message, needReply), List.of(fds));
    return ack || message.request().reply().isPresent() ? reply(message.request()) : null;
  }

  long number(FrontendMessage message) {
    return ((VhostUserReply.U64) send(message)).value();
  }

  VhostUserReply reply(VhostUserRequest request) {
    try {
      VhostUserHeader header = header(socket);
      return VhostUserCodec.reply(request, header, payload(socket, header));
    } catch (braid.virtio.ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  private VhostUserHeader header(UnixSocket from) throws braid.virtio.ProtocolException {
    MemorySegment in = arena.allocate(VhostUserHeader.BYTES);
    if (from.receiveFully(in, new ArrayList<>()) != VhostUserHeader.BYTES) {
      throw new Gone();
    }
    return VhostUserHeader.parse(in.asByteBuffer());
  }

  private java.nio.ByteBuffer payload(UnixSocket from, VhostUserHeader header) {
    MemorySegment in = arena.allocate(Math.max(1, header.size())).asSlice(0, header.size());
    if (header.size() > 0) {
      from.receiveFully(in, new ArrayList<>());
    }
    return in.asByteBuffer();
  }

  /// The device hung up.
  static final class Gone extends AssertionError {
    private static final long serialVersionUID = 1L;
  }

  /// Waits until the device hangs up; what it still says is not looked at.
  boolean gone() {
    MemorySegment in = arena.allocate(1);
    int got;
    do {
      got = socket.receive(in, new ArrayList<>());
    } while (got > 0);
    return got == UnixSocket.END;
  }

  /// Waits for a request of the back-end.
  BackendMessage fromBackEnd() {
    try {
      VhostUserHeader header = header(channel.get(0));
      return VhostUserCodec.backend(header, payload(channel.get(0), header), 0);
    } catch (braid.virtio.ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  MemoryRegion region() {
    return new MemoryRegion(TestGuest.GUEST, TestGuest.BYTES, TestGuest.USER, 0);
  }

  void address(int index, long base) {
    send(
        new SetVringAddr(
            index,
            0,
            base + TestGuest.descriptor(index),
            base + TestGuest.used(index),
            base + TestGuest.available(index),
            0));
  }

  void ring(int index, int base) {
    send(new SetVringNum(index, TestGuest.SIZE));
    send(new SetVringBase(index, base));
    address(index, TestGuest.USER);
    send(new SetVringKick(index, true), kicks[index].fd());
    send(new SetVringCall(index, true), calls[index].fd());
  }

  /// The order of QEMU 10.
  void likeQemu(long wanted) {
    number(new GetFeatures());
    long protocol = number(new GetProtocolFeatures());
    send(new SetProtocolFeatures(protocol & ~(1L << 9)));
    needReply();
    number(new GetQueueNum());
    send(new SetBackendReqFd(), channel.get(1).fd());
    send(new SetOwner());
    long offered = number(new GetFeatures());
    for (int i = 0; i < 2; i++) {
      send(new SetVringCall(i, true), calls[i].fd());
      send(new SetVringErr(i, true), errors[i].fd());
    }
    for (int i = 0; i < 10; i++) {
      send(new SetVringEnable(i % 2, true));
    }
    send(new SetFeatures(offered & wanted));
    number(new GetStatus());
    send(new SetStatus(8));
    send(new SetMemTable(List.of(region())), guest.file.fd());
    ring(0, 0);
    ring(1, 0);
    number(new GetStatus());
    send(new SetStatus(0xf));
  }

  /// The order of user-mode Linux: SET_FEATURES twice, never SET_VRING_ENABLE, a control queue.
  void likeUserModeLinux(long wanted) {
    send(new SetOwner());
    long offered = number(new GetFeatures());
    long protocol = number(new GetProtocolFeatures());
    send(new SetProtocolFeatures(protocol & (1 << 3 | 1 << 5 | 1 << 9)));
    needReply();
    send(new SetBackendReqFd(), channel.get(1).fd());
    send(new SetFeatures(offered & wanted));
    send(new SetFeatures(offered & wanted & ~(1L << 30)));
    send(new SetMemTable(List.of(region())), guest.file.fd());
    for (int i = 0; i < 3; i++) {
      ring(i, 0);
    }
  }

  @Override
  public void close() {
    socket.close();
    channel.forEach(UnixSocket::close);
    for (int i = 0; i < 3; i++) {
      kicks[i].close();
      calls[i].close();
      errors[i].close();
    }
    arena.close();
  }
}
