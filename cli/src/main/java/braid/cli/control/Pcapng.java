package braid.cli.control;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The blocks of a pcapng file that are not packets (draft-ietf-opsawg-pcapng), little-endian. The
/// packets come from [braid.port.CaptureRing].
final class Pcapng {
  private static final int SECTION_HEADER_BLOCK = 0x0a0d_0d0a;
  private static final int INTERFACE_DESCRIPTION_BLOCK = 1;
  private static final int INTERFACE_STATISTICS_BLOCK = 5;
  private static final int NAME_MAX = 255;

  private Pcapng() {}

  /// Section Header Block (4.1) and an Interface Description Block (4.2) for each port:
  /// LINKTYPE_ETHERNET, its name, stamps in nanoseconds.
  static ByteBuffer header(String program, List<String> ports, int snapLength) {
    ByteBuffer out = buffer(512 + ports.size() * (NAME_MAX + 64));
    int start = begin(out, SECTION_HEADER_BLOCK);
    out.putInt(0x1a2b_3c4d).putShort((short) 1).putShort((short) 0).putLong(-1);
    option(out, 4, program.getBytes(StandardCharsets.UTF_8)); // shb_userappl
    end(out, start);
    for (String port : ports) {
      start = begin(out, INTERFACE_DESCRIPTION_BLOCK);
      out.putShort((short) 1).putShort((short) 0).putInt(snapLength);
      option(out, 2, port.getBytes(StandardCharsets.UTF_8)); // if_name
      option(out, 9, new byte[] {9}); // if_tsresol: 10^-9 s
      end(out, start);
    }
    return out.flip();
  }

  /// Interface Statistics Block (4.6): what the capture has of a port and what it missed.
  ///
  /// @param nanos since 1970
  static ByteBuffer statistics(int port, long nanos, long taken, long lost) {
    ByteBuffer out = buffer(96);
    int start = begin(out, INTERFACE_STATISTICS_BLOCK);
    out.putInt(port).putInt((int) (nanos >>> 32)).putInt((int) nanos);
    option(out, 4, number(taken + lost)); // isb_ifrecv
    option(out, 5, number(lost)); // isb_ifdrop
    end(out, start);
    return out.flip();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] number(long value) {
    return buffer(8).putLong(value).array();
  }

  private static int begin(ByteBuffer out, int type) {
    int start = out.position();
    out.putInt(type).putInt(0);
    return start;
  }

  private static void option(ByteBuffer out, int code, byte[] value) {
    int length = Math.min(value.length, NAME_MAX);
    out.putShort((short) code).putShort((short) length).put(value, 0, length);
    while ((out.position() & 3) != 0) {
      out.put((byte) 0);
    }
  }

  private static void end(ByteBuffer out, int start) {
    out.putInt(0); // opt_endofopt
    int length = out.position() - start + 4;
    out.putInt(length).putInt(start + 4, length);
  }
}
