package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.INVALID;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Cuts what a channel gives into lines, with a bound. One thread.
final class LineReader {
  /// A line that does not end within so many times its bound ends the connection.
  private static final int PATIENCE = 16;

  private final ReadableByteChannel in;
  private final int most;
  private final ByteBuffer chunk = ByteBuffer.allocate(8192).limit(0);
  private ByteBuffer line = ByteBuffer.allocate(1024);

  /// @param most longest line, bytes, without its end
  LineReader(ReadableByteChannel in, int most) {
    this.in = in;
    this.most = most;
  }

  /// The next line without its end; null when the channel has ended. An unfinished last line is
  /// nobody's.
  ///
  /// @throws RefusedException when the line is too long or not UTF-8; the next call goes on after
  ///     it
  /// @throws IOException      when the channel failed, or the line does not want to end
  @Nullable String next() throws IOException {
    line.clear();
    long length = 0;
    while (true) {
      while (chunk.hasRemaining()) {
        byte next = chunk.get();
        if (next == '\n') {
          return finished(length);
        }
        length++;
        if (length <= most) {
          put(next);
        } else if (length > (long) most * PATIENCE) {
          throw new IOException("a line without end");
        }
      }
      chunk.clear();
      int count = in.read(chunk);
      chunk.flip();
      if (count < 0) {
        return null;
      }
    }
  }

  private void put(byte next) {
    if (!line.hasRemaining()) {
      int size = Math.min(most, line.capacity() * 2);
      line = ByteBuffer.allocate(size).put(line.flip());
    }
    line.put(next);
  }

  private String finished(long length) {
    if (length > most) {
      throw new RefusedException(
          INVALID, "the line has " + length + " bytes", "At most " + most + " are taken.");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(line.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new RefusedException(INVALID, "the line is not UTF-8", "Send text.");
    }
  }
}
