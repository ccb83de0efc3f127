package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.ifinfomsg;
import braid.kernel.jextract.nlmsghdr;
import braid.kernel.jextract.rtattr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A netlink request being written, and the reading of attributes. All of netlink is aligned to 4
/// bytes: a header of 16, a body that the message type defines, then attributes of length, type and
/// value.
final class NetlinkMessage {
  private static final int BYTES_MAX = 1024;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final int TYPE_MASK = 0x3fff;

  private final MemorySegment memory = Arena.ofAuto().allocate(BYTES_MAX, 8);
  private int length = (int) nlmsghdr.sizeof();

  /// A request without a body.
  ///
  /// @param type  RTM_*
  /// @param flags NLM_F_* besides NLM_F_REQUEST
  NetlinkMessage(int type, int flags) {
    nlmsghdr.nlmsg_type(memory, (short) type);
    nlmsghdr.nlmsg_flags(memory, (short) (flags | Sys.NLM_F_REQUEST()));
  }

  /// A request about the interface `index`, or about all or a named one with 0.
  static NetlinkMessage link(int type, int flags, int index) {
    NetlinkMessage message = new NetlinkMessage(type, flags);
    MemorySegment body = message.body(ifinfomsg.sizeof());
    ifinfomsg.ifi_index(body, index);
    return message;
  }

  /// Appends `bytes` zero bytes, the body of the type.
  MemorySegment body(long bytes) {
    MemorySegment body = memory.asSlice(length, bytes);
    length += align((int) bytes);
    return body;
  }

  NetlinkMessage attribute(int type, byte[] value) {
    int at = open(type);
    MemorySegment.copy(value, 0, memory, ValueLayout.JAVA_BYTE, length, value.length);
    length += value.length;
    return close(at);
  }

  NetlinkMessage attribute(int type, int value) {
    int at = open(type);
    memory.set(INT, length, value);
    length += Integer.BYTES;
    return close(at);
  }

  /// A string, with the closing zero that the kernel expects.
  NetlinkMessage attribute(int type, String value) {
    return attribute(type, (value + '\0').getBytes(StandardCharsets.UTF_8));
  }

  /// Starts an attribute that holds attributes.
  ///
  /// @return what [#close] needs
  int open(int type) {
    int at = length;
    memory.set(SHORT, at + rtattr.rta_type$offset(), (short) type);
    length += (int) rtattr.sizeof();
    return at;
  }

  /// Ends the attribute that was opened at `at`.
  NetlinkMessage close(int at) {
    memory.set(SHORT, at + rtattr.rta_len$offset(), (short) (length - at));
    length = align(length);
    return this;
  }

  /// The finished message.
  MemorySegment finish(int sequence) {
    nlmsghdr.nlmsg_seq(memory, sequence);
    nlmsghdr.nlmsg_len(memory, length);
    return memory.asSlice(0, length);
  }

  static int align(int bytes) {
    return (bytes + 3) & ~3;
  }

  /// The value of the first attribute of `type`, empty when there is none.
  ///
  /// @param attributes what follows a body
  static MemorySegment find(MemorySegment attributes, int type) {
    long at = 0;
    while (at + rtattr.sizeof() <= attributes.byteSize()) {
      int bytes = attributes.get(SHORT, at + rtattr.rta_len$offset()) & 0xffff;
      if (bytes < rtattr.sizeof() || bytes > attributes.byteSize() - at) {
        break;
      }
      if ((attributes.get(SHORT, at + rtattr.rta_type$offset()) & TYPE_MASK) == type) {
        return attributes.asSlice(at + rtattr.sizeof(), bytes - rtattr.sizeof());
      }
      at += align(bytes);
    }
    return MemorySegment.NULL;
  }

  private static int number(MemorySegment value, int otherwise) {
    return value.byteSize() >= Integer.BYTES ? value.get(INT, 0) : otherwise;
  }

  static String string(MemorySegment value) {
    byte[] bytes = value.toArray(ValueLayout.JAVA_BYTE);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static long mac(MemorySegment value) {
    if (value.byteSize() != 6) {
      return 0;
    }
    ValueLayout.OfShort big = SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    return (value.get(big, 0) & 0xffffL) << 32
        | (value.get(big, 2) & 0xffffL) << 16
        | (value.get(big, 4) & 0xffffL);
  }

  /// Reads an RTM_NEWLINK or RTM_DELLINK.
  ///
  /// @param body what follows the netlink header
  static Link parseLink(MemorySegment body) {
    MemorySegment attributes = body.asSlice(ifinfomsg.sizeof());
    int flags = ifinfomsg.ifi_flags(body);
    MemorySegment info = find(attributes, Sys.IFLA_LINKINFO());
    return new Link(
        ifinfomsg.ifi_index(body),
        string(find(attributes, Sys.IFLA_IFNAME())),
        flags,
        mac(find(attributes, Sys.IFLA_ADDRESS())),
        number(find(attributes, Sys.IFLA_MTU()), 0),
        number(find(attributes, Sys.IFLA_MASTER()), 0),
        string(find(info, Sys.IFLA_INFO_KIND())),
        (flags & Sys.IFF_LOWER_UP()) != 0);
  }
}
