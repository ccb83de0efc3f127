package braid.virtio;

import braid.virtio.VhostUserRequest.Side;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// Bytes to vhost-user messages and back.
///
/// **Reading** a request takes three steps, because the payload's length and the meaning of the
/// number are only known after the header: [VhostUserHeader#parse] on 12 bytes;
/// [VhostUserHeader#request], empty when nobody knows the number (then [VhostUserRequest#unknown]);
/// [#frontend] or [#backend] on the payload. All sizes, numbers of file descriptors and ranges are
/// checked there; what a number means for a device (is there such a ring?) is for the caller to
/// know.
///
/// **Writing**: the functions give whole messages, header included.
///
/// Control path: allocates. **Threads**: any, there is no state.
public final class VhostUserCodec {
  private VhostUserCodec() {}

  /// A request of the front-end.
  ///
  /// @param header  it came behind this one
  /// @param payload from position to limit: exactly the payload
  /// @param fds     how many file descriptors came with it; the caller owns and, on an exception,
  ///                closes them
  /// @throws ProtocolException when anything is not as it should be; the message is to be refused
  ///     or the session closed
  public static FrontendMessage frontend(VhostUserHeader header, ByteBuffer payload, int fds)
      throws ProtocolException {
    VhostUserRequest request = check(header, Side.FRONT_END, payload, fds);
    return FrontendCodec.read(request, littleEndian(payload), fds);
  }

  /// A request of the back-end; parameters and errors as [#frontend].
  public static BackendMessage backend(VhostUserHeader header, ByteBuffer payload, int fds)
      throws ProtocolException {
    VhostUserRequest request = check(header, Side.BACK_END, payload, fds);
    return BackendCodec.read(request, littleEndian(payload), fds);
  }

  private static VhostUserRequest check(
      VhostUserHeader header, Side side, ByteBuffer payload, int fds) throws ProtocolException {
    VhostUserRequest request =
        header
            .request(side)
            .orElseThrow(() -> new ProtocolException("Header", "unknown request " + header.id()));
    if (header.isReply()) {
      throw new ProtocolException("Header", request + " with the reply flag");
    }
    if (header.size() != payload.remaining() || !request.payload().fits(header.size())) {
      throw new ProtocolException(
          "Payload", request + " of " + header.size() + " bytes with " + payload.remaining());
    }
    if (fds < request.fdsMin() || fds > request.fdsMax()) {
      throw new ProtocolException("Communication", request + " with " + fds + " file descriptors");
    }
    return request;
  }

  private static ByteBuffer littleEndian(ByteBuffer payload) {
    return payload.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /// The bytes of a request, header included.
  ///
  /// @param needReply ask for an acknowledgement; only with REPLY_ACK
  public static byte[] encode(VhostUserMessage message, boolean needReply) {
    ByteBuffer out = begin();
    switch (message) {
      case FrontendMessage frontend -> FrontendCodec.write(frontend, out);
      case BackendMessage backend -> BackendCodec.write(backend, out);
    }
    int flags = VhostUserHeader.VERSION | (needReply ? VhostUserHeader.NEED_REPLY : 0);
    return end(out, message.request(), flags);
  }

  /// The bytes of a reply, header included.
  public static byte[] encodeReply(VhostUserRequest request, VhostUserReply reply) {
    ByteBuffer out = begin();
    switch (reply) {
      case VhostUserReply.U64 r -> out.putLong(r.value());
      case VhostUserReply.VringBase r -> out.putInt(r.index()).putInt(r.base());
      case VhostUserReply.Config r -> putConfig(out, r.offset(), r.flags(), r.bytes());
      case VhostUserReply.Inflight r ->
          putInflight(out, r.mmapSize(), r.mmapOffset(), r.queues(), r.queueSize());
      case VhostUserReply.ShmemConfig r -> {
        out.putInt(r.regions()).putInt(0);
        r.sizes().forEach(out::putLong);
      }
      case VhostUserReply.CryptoSession r -> out.put(r.description().toArray());
      case VhostUserReply.Empty _ -> {}
    }
    return end(out, request, VhostUserHeader.VERSION | VhostUserHeader.REPLY);
  }

  /// The reply to a request: what [VhostUserRequest#reply] says, or an acknowledgement.
  ///
  /// @param request what was sent
  /// @param header  of the reply
  /// @param payload from position to limit: exactly its payload
  /// @throws ProtocolException when it answers something else, or has not the shape; the front-end
  ///     closes the connection
  public static VhostUserReply reply(
      VhostUserRequest request, VhostUserHeader header, ByteBuffer payload)
      throws ProtocolException {
    if (header.id() != request.id() || !header.isReply()) {
      throw new ProtocolException("Communication", header + " is no reply to " + request);
    }
    VhostUserPayload shape = request.reply().orElse(VhostUserPayload.U64);
    boolean failed = header.size() == 0 && shape == VhostUserPayload.CONFIG;
    if (header.size() != payload.remaining() || !(shape.fits(header.size()) || failed)) {
      throw new ProtocolException(
          "Payload",
          "reply to " + request + " of " + header.size() + " bytes with " + payload.remaining());
    }
    ByteBuffer in = littleEndian(payload);
    if (in.remaining() == 0) {
      return new VhostUserReply.Empty();
    }
    return switch (shape) {
      case VRING_STATE -> new VhostUserReply.VringBase(in.getInt(), in.getInt());
      case CONFIG -> configReply(in);
      case INFLIGHT ->
          new VhostUserReply.Inflight(
              in.getLong(), in.getLong(), in.getShort() & 0xffff, in.getShort() & 0xffff);
      case SHMEM_CONFIG -> shmemReply(in);
      case CRYPTO_SESSION -> new VhostUserReply.CryptoSession(rest(in));
      case U64 -> new VhostUserReply.U64(in.getLong());
      case NONE,
          VRING_ADDR,
          MEM_TABLE,
          MEM_REGION,
          LOG,
          IOTLB,
          VRING_AREA,
          SHARED_OBJECT,
          DEVICE_STATE,
          MMAP ->
          throw new ProtocolException("Payload", "no reply has the shape " + shape);
    };
  }

  private static VhostUserReply configReply(ByteBuffer in) throws ProtocolException {
    int offset = in.getInt();
    int size = in.getInt();
    int flags = in.getInt();
    if (size != in.remaining()) {
      throw new ProtocolException(
          "Virtio device config space", "size " + size + " with " + in.remaining() + " bytes");
    }
    return new VhostUserReply.Config(offset, flags, rest(in));
  }

  private static VhostUserReply shmemReply(ByteBuffer in) {
    int regions = in.getInt();
    in.getInt();
    Long[] sizes = new Long[256];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = in.getLong();
    }
    return new VhostUserReply.ShmemConfig(regions, List.of(sizes));
  }

  private static ByteBuffer begin() {
    return ByteBuffer.allocate(VhostUserHeader.BYTES + Limits.MESSAGE_BYTES_MAX)
        .order(ByteOrder.LITTLE_ENDIAN)
        .position(VhostUserHeader.BYTES);
  }

  private static byte[] end(ByteBuffer out, VhostUserRequest request, int flags) {
    int size = out.position() - VhostUserHeader.BYTES;
    byte[] bytes = new byte[out.position()];
    out.flip();
    new VhostUserHeader(request.id(), flags, size).write(out);
    out.rewind().get(bytes);
    return bytes;
  }

  // Parts that several messages have.

  static Octets rest(ByteBuffer in) {
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    return Octets.of(bytes);
  }

  static void putConfig(ByteBuffer out, int offset, int flags, Octets bytes) {
    out.putInt(offset).putInt(bytes.size()).putInt(flags).put(bytes.toArray());
  }

  static void putInflight(ByteBuffer out, long size, long offset, int queues, int queueSize) {
    out.putLong(size).putLong(offset).putShort((short) queues).putShort((short) queueSize);
    out.putInt(0);
  }

  static void putIotlb(ByteBuffer out, IotlbEntry entry) {
    out.putLong(entry.iova()).putLong(entry.size()).putLong(entry.userAddress());
    out.put((byte) entry.permissions()).put((byte) entry.type().code());
    out.putShort((short) 0).putInt(0);
  }

  /// @param first one of the two types that this side may send
  static IotlbEntry iotlb(ByteBuffer in, IotlbEntry.Type first, IotlbEntry.Type second)
      throws ProtocolException {
    long iova = in.getLong();
    long size = in.getLong();
    long user = in.getLong();
    int permissions = in.get() & 0xff;
    int type = in.get() & 0xff;
    if (permissions > (IotlbEntry.READ | IotlbEntry.WRITE)) {
      throw new ProtocolException("An IOTLB message", "permissions " + permissions);
    }
    if (type != first.code() && type != second.code()) {
      throw new ProtocolException("An IOTLB message", "type " + type + " from this side");
    }
    return new IotlbEntry(iova, size, user, permissions, type == first.code() ? first : second);
  }
}
