package braid.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/// The header of a vhost-user message ("Header"): request u32, flags u32, size u32, little-endian.
///
/// @param id    number of the request, also in its reply
/// @param flags version in bits 0 and 1, [#REPLY], [#NEED_REPLY]
/// @param size  bytes of payload behind it, 0 to [Limits#MESSAGE_BYTES_MAX]
public record VhostUserHeader(int id, int flags, int size) {
  /// Bytes of the header.
  public static final int BYTES = 12;

  /// The only version.
  public static final int VERSION = 1;

  /// Flag: this is a reply.
  public static final int REPLY = 4;

  /// Flag: the sender wants an acknowledgement.
  public static final int NEED_REPLY = 8;

  private static final int VERSION_MASK = 3;

  /// Reads a header, from the buffer's position on, and checks version and size.
  ///
  /// @throws ProtocolException after which nothing that follows on that socket can be understood
  public static VhostUserHeader parse(ByteBuffer in) throws ProtocolException {
    if (in.remaining() < BYTES) {
      throw new ProtocolException("Header", in.remaining() + " bytes of header, wanted 12");
    }
    ByteBuffer le = in.slice().order(ByteOrder.LITTLE_ENDIAN);
    VhostUserHeader header = new VhostUserHeader(le.getInt(0), le.getInt(4), le.getInt(8));
    if ((header.flags & VERSION_MASK) != VERSION) {
      throw new ProtocolException(
          "Header", "request " + header.id + " with version " + (header.flags & VERSION_MASK));
    }
    if (header.size < 0 || header.size > Limits.MESSAGE_BYTES_MAX) {
      throw new ProtocolException(
          "Header",
          "request " + header.id + " of " + Integer.toUnsignedString(header.size) + " bytes");
    }
    return header;
  }

  /// Writes it at the buffer's position.
  public void write(ByteBuffer out) {
    ByteOrder order = out.order();
    out.order(ByteOrder.LITTLE_ENDIAN).putInt(id).putInt(flags).putInt(size).order(order);
  }

  /// It is a reply.
  public boolean isReply() {
    return (flags & REPLY) != 0;
  }

  /// The sender asks for an acknowledgement; means something only with REPLY_ACK.
  public boolean needsReply() {
    return (flags & NEED_REPLY) != 0;
  }

  /// The request, if its number is known.
  public Optional<VhostUserRequest> request(VhostUserRequest.Side side) {
    return VhostUserRequest.find(side, id);
  }
}
