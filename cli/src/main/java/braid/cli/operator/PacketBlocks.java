package braid.cli.operator;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Reads packets out of a pcapng stream that arrives in pieces, as a node makes it: little-endian,
/// one section, stamps in nanoseconds, epb_flags the only packet option. One thread.
final class PacketBlocks {
  /// A packet.
  ///
  /// @param port    name of the interface
  /// @param nanos   since 1970
  /// @param inbound the port gave it; false: the port took it
  /// @param length  of the frame on the wire, bytes
  /// @param text    its headers in a few words
  record Packet(String port, long nanos, boolean inbound, int length, String text) {}

  /// Gets packets.
  interface Sink {
    void take(Packet packet) throws IOException;
  }

  private static final int INTERFACE_DESCRIPTION_BLOCK = 1;
  private static final int ENHANCED_PACKET_BLOCK = 6;
  private static final int OPTION_IF_NAME = 2;

  private final List<String> ports = new ArrayList<>();
  private ByteArrayOutputStream rest = new ByteArrayOutputStream();

  /// Takes the next piece and hands on the packets that are whole now.
  void add(byte[] piece, Sink sink) throws IOException {
    rest.writeBytes(piece);
    ByteBuffer in = ByteBuffer.wrap(rest.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    while (in.remaining() >= 12) {
      int total = in.getInt(in.position() + 4);
      if (total < 12 || total % 4 != 0) {
        throw new IOException("no pcapng: a block of " + total + " bytes");
      }
      if (in.remaining() < total) {
        break;
      }
      int type = in.getInt(in.position());
      ByteBuffer body = in.slice(in.position() + 8, total - 12).order(ByteOrder.LITTLE_ENDIAN);
      in.position(in.position() + total);
      if (type == INTERFACE_DESCRIPTION_BLOCK) {
        ports.add(interfaceName(body));
      } else if (type == ENHANCED_PACKET_BLOCK) {
        sink.take(packet(body));
      }
    }
    rest = new ByteArrayOutputStream();
    rest.write(in.array(), in.position(), in.remaining());
  }

  private static String interfaceName(ByteBuffer body) {
    body.position(8);
    while (body.remaining() >= 4) {
      int code = body.getShort();
      byte[] value = new byte[body.getShort() & 0xffff];
      body.get(value);
      if (code == OPTION_IF_NAME) {
        return new String(value, StandardCharsets.UTF_8);
      }
      body.position((body.position() + 3) & ~3);
    }
    return "";
  }

  private Packet packet(ByteBuffer body) {
    String port = ports.get(body.getInt());
    long nanos = ((long) body.getInt() << 32) | (body.getInt() & 0xffff_ffffL);
    byte[] bytes = new byte[body.getInt()];
    int length = body.getInt();
    body.get(bytes).position((body.position() + 3) & ~3);
    return new Packet(
        port, nanos, (body.getInt(body.position() + 4) & 3) == 1, length, FrameText.of(bytes));
  }
}
