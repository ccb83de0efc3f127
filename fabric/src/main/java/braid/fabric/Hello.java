package braid.fabric;

import braid.port.LinkState;
import braid.port.Memory;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The greeting, first record of each side; its bytes are in [Records].
///
/// @param lowest       protocol version the side still speaks
/// @param highest      newest it speaks; both are the chosen one in an answer
/// @param session      chosen by the side that connects; the same again to go on after a cut
/// @param next         number of the first FRAME it wants
/// @param done         numbers whose frames it has released
/// @param creditFrames frames it takes from `next` on
/// @param creditBytes  bytes of frames it takes from `next` on
/// @param known        in an answer: the session goes on; else it begins, with numbers from 0
/// @param link         of the NIC behind it
/// @param node         its name
/// @param user         who uses the NIC
/// @param nic          which one
record Hello(
    int lowest,
    int highest,
    long session,
    int next,
    int done,
    int creditFrames,
    int creditBytes,
    boolean known,
    LinkState link,
    String node,
    String user,
    String nic) {
  private static final int KNOWN = 1;
  private static final int CARRIER = 2;

  /// Writes the whole record.
  ///
  /// @param at native memory of a header and [Records#HELLO_MAX] bytes
  /// @return bytes written
  int write(long at) {
    byte[] nodeBytes = node.getBytes(StandardCharsets.UTF_8);
    byte[] userBytes = user.getBytes(StandardCharsets.UTF_8);
    byte[] nicBytes = nic.getBytes(StandardCharsets.UTF_8);
    int body = Records.HELLO_BYTES + nodeBytes.length + userBytes.length + nicBytes.length;
    Memory.putInt(at, Records.HELLO);
    Memory.putInt(at + Records.LENGTH, body);
    long to = at + Records.HEADER_BYTES;
    Memory.putInt(to, Records.MAGIC);
    Memory.putShort(to + 4, (short) lowest);
    Memory.putShort(to + 6, (short) highest);
    Memory.putLong(to + 8, session);
    Memory.putInt(to + 16, next);
    Memory.putInt(to + 20, done);
    Memory.putInt(to + 24, creditFrames);
    Memory.putInt(to + 28, creditBytes);
    Memory.putInt(to + 32, (known ? KNOWN : 0) | (link.up() ? CARRIER : 0));
    Memory.putInt(to + 36, link.speedMbps());
    Memory.putByte(to + 40, (byte) nodeBytes.length);
    Memory.putByte(to + 41, (byte) userBytes.length);
    Memory.putByte(to + 42, (byte) nicBytes.length);
    Memory.putByte(to + 43, (byte) 0);
    to += Records.HELLO_BYTES;
    Memory.write(nodeBytes, 0, to, nodeBytes.length);
    Memory.write(userBytes, 0, to + nodeBytes.length, userBytes.length);
    Memory.write(nicBytes, 0, to + nodeBytes.length + userBytes.length, nicBytes.length);
    return Records.HEADER_BYTES + body;
  }

  /// Reads a body.
  ///
  /// @param at    native address of the body
  /// @param bytes its length, at least [Records#HELLO_BYTES]
  /// @return null when it makes no sense
  static @Nullable Hello read(long at, int bytes) {
    int nodeLength = Memory.getByte(at + 40) & 0xff;
    int userLength = Memory.getByte(at + 41) & 0xff;
    int nicLength = Memory.getByte(at + 42) & 0xff;
    int flags = Memory.getInt(at + 32);
    int speed = Memory.getInt(at + 36);
    int creditFrames = Memory.getInt(at + 24);
    int creditBytes = Memory.getInt(at + 28);
    if (Memory.getInt(at) != Records.MAGIC
        || bytes != Records.HELLO_BYTES + nodeLength + userLength + nicLength
        || (speed | creditFrames | creditBytes) < 0) {
      return null;
    }
    long names = at + Records.HELLO_BYTES;
    String node = name(names, nodeLength);
    String user = name(names + nodeLength, userLength);
    String nic = name(names + nodeLength + userLength, nicLength);
    if (node == null || user == null || nic == null) {
      return null;
    }
    return new Hello(
        Memory.getShort(at + 4) & 0xffff,
        Memory.getShort(at + 6) & 0xffff,
        Memory.getLong(at + 8),
        Memory.getInt(at + 16),
        Memory.getInt(at + 20),
        creditFrames,
        creditBytes,
        (flags & KNOWN) != 0,
        (flags & CARRIER) != 0 ? new LinkState(true, speed) : LinkState.DOWN,
        node,
        user,
        nic);
  }

  private static @Nullable String name(long at, int length) {
    byte[] bytes = new byte[length];
    Memory.read(at, bytes, 0, length);
    try {
      String name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return Names.valid(name) ? name : null;
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
