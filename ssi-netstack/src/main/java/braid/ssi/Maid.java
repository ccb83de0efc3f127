package braid.ssi;

import braid.port.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A maintenance association identifier as it stands in a message (802.1Q-2018, 21.6.5), 48 bytes:
///
/// | byte | what |
/// |---|---|
/// | 0 | domain name format: 1, none |
/// | 1 | short name format: 2, character string |
/// | 2 | short name length, 1 to 45 |
/// | 3… | short name, then zeros |
final class Maid {
  static final int BYTES = 48;
  private static final int NAME_MAX = 45;

  private final long[] words = new long[BYTES / 8];

  Maid(String name) {
    check(name);
    byte[] text = name.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 1).put((byte) 2).put((byte) text.length).put(text).rewind();
    bytes.asLongBuffer().get(words);
  }

  static void check(String name) {
    if (!name.matches("[\\x20-\\x7e]{1," + NAME_MAX + "}")) {
      throw new IllegalArgumentException(
          "continuity maid is 1 to 45 printable ASCII characters, not '" + name + "'");
    }
  }

  /// These 48 bytes stand at `address`.
  boolean at(long address) {
    for (int i = 0; i < words.length; i++) {
      if (Memory.getLong(address + 8L * i) != words[i]) {
        return false;
      }
    }
    return true;
  }

  void write(long address) {
    for (int i = 0; i < words.length; i++) {
      Memory.putLong(address + 8L * i, words[i]);
    }
  }
}
