package braid.fabric;

import braid.port.Memory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The last record of a side: why it ends the connection.
///
/// @param code one of the constants; unknown ones are taken as [#CLOSED]
/// @param text one clause, for people
record Bye(int code, String text) {
  /// Wanted by the side's owner.
  static final int CLOSED = 1;

  /// No version in common.
  static final int VERSION = 2;

  /// The name in the greeting is not the certificate's.
  static final int NAME = 3;

  /// No such NIC is served.
  static final int NO_NIC = 4;

  /// Too many sessions.
  static final int FULL = 5;

  /// A newer session of the same user took the place.
  static final int REPLACED = 6;

  /// The protocol was broken.
  static final int PROTOCOL = 7;

  /// The session cannot go on from the numbers in the greeting: begin a new one.
  static final int RESUME = 8;

  /// Writes the whole record.
  ///
  /// @param at native memory of a header and the longest body
  /// @return bytes written
  int write(long at) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, Records.BYE_TEXT_MAX);
    Memory.putInt(at, Records.BYE);
    Memory.putInt(at + Records.LENGTH, Records.BYE_BYTES + length);
    Memory.putInt(at + Records.HEADER_BYTES, code);
    Memory.write(bytes, 0, at + Records.HEADER_BYTES + Records.BYE_BYTES, length);
    return Records.HEADER_BYTES + Records.BYE_BYTES + length;
  }

  /// Reads a body; text of the peer's that could fool a terminal is defused.
  static Bye read(long at, int bytes) {
    byte[] text = new byte[bytes - Records.BYE_BYTES];
    Memory.read(at + Records.BYE_BYTES, text, 0, text.length);
    String said = new String(text, StandardCharsets.UTF_8);
    int[] safe = said.codePoints().map(c -> Character.isISOControl(c) ? '?' : c).toArray();
    return new Bye(
        Memory.getShort(at) & 0xffff,
        Arrays.stream(safe)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString());
  }
}
