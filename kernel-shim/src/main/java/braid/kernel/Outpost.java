package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Holds a connection so that the peer sees it end the moment this process is killed.
///
/// **Why.** A process that gets SIGKILL first gives its memory back, page by page, and only then
/// closes its files: for a JVM that is 5 ms on an idle machine and 10 to 20 on a busy one, during
/// which the peer knows nothing. But what belongs to one thread goes when that thread ends, and all
/// threads end at once; the memory is the business of the last one.
///
/// **How.** The connection's only descriptor is in a table that belongs to one thread. That thread
/// does nothing but hand on, between it and a socket pair, whose other end is the process's as any
/// descriptor:
/// ```
///   peer ═══ connection ─ [outpost thread, own table] ─ pair ─ the process
/// ```
/// Bytes and descriptors pass in order and whole; an end of stream on one side ends the other. A
/// message takes one more wake-up, so this is for control, not for data.
///
/// The thread keeps the descriptors of regular files that were open when it began, because the JVM
/// reads classes from them; all else it closes in its table, so that nothing of the process is held
/// open by it.
public final class Outpost {
  private static final ValueLayout.OfInt SIZE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BYTES = 8192;

  /// How long a peer may leave unread what it was sent.
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /// How messages follow each other on the stream.
  ///
  /// @param headerBytes of each message, the same for all
  /// @param sizeOffset  where in the header the 32-bit number of the bytes after it is, 4-aligned
  public record Framing(int headerBytes, int sizeOffset) {}

  private final Framing framing;
  private final int connection;
  private final int inner;

  private Outpost(Framing framing, int connection, int inner) {
    this.framing = framing;
    this.connection = connection;
    this.inner = inner;
  }

  /// Puts `connection` behind an outpost.
  ///
  /// @param connection not used any more afterwards
  /// @param framing    what both sides say
  /// @param name       of the thread, which ends with the connection
  /// @return what takes its place; `connection` itself where the kernel refuses
  public static UnixSocket before(UnixSocket connection, Framing framing, String name) {
    List<UnixSocket> pair = UnixSocket.pair();
    Outpost outpost = new Outpost(framing, connection.fd().number(), pair.getLast().fd().number());
    boolean separate = OwnTable.start(name, outpost::run, outpost.connection, outpost.inner);
    pair.getLast().close();
    if (!separate) {
      pair.getFirst().close();
      return connection;
    }
    connection.close();
    return pair.getFirst();
  }

  private void run() {
    try (UnixSocket outside = new UnixSocket(new Fd(connection));
        UnixSocket inside = new UnixSocket(new Fd(inner))) {
      outside.timeouts(Duration.ZERO, PATIENCE);
      handOn(outside, inside);
    } catch (LinuxException _) {
      // One side was gone, or did not read, before all was handed on: that is an end too.
    }
  }

  private void handOn(UnixSocket outside, UnixSocket inside) {
    try (Arena arena = Arena.ofConfined()) {
      Way in = new Way(outside, inside, arena.allocate(BYTES));
      Way out = new Way(inside, outside, arena.allocate(BYTES));
      MemorySegment waits = pollfd.allocateArray(2, arena);
      watch(pollfd.asSlice(waits, 0), outside);
      watch(pollfd.asSlice(waits, 1), inside);
      boolean open = true;
      while (open) {
        int ready = Linux.poll(waits.address(), 2, -1);
        open = ready > 0 || ready == -Sys.EINTR();
        if (ready > 0 && pollfd.revents(pollfd.asSlice(waits, 0)) != 0) {
          open = in.pass();
        }
        if (open && ready > 0 && pollfd.revents(pollfd.asSlice(waits, 1)) != 0) {
          open = out.pass();
        }
      }
    }
  }

  private static void watch(MemorySegment wait, UnixSocket socket) {
    pollfd.fd(wait, socket.fd().number());
    pollfd.events(wait, (short) Sys.POLLIN());
  }

  /// One direction. It never asks for more than the message that it is in: the kernel would give
  /// the next one's first bytes too, and that one's descriptors would pass with the wrong message.
  private final class Way {
    private final UnixSocket from;
    private final UnixSocket to;
    private final MemorySegment buffer;
    private final MemorySegment header;
    private final List<Fd> fds = new ArrayList<>();
    private int headerBytes;
    private long left;

    Way(UnixSocket from, UnixSocket to, MemorySegment buffer) {
      this.from = from;
      this.to = to;
      this.header = buffer.asSlice(0, framing.headerBytes());
      this.buffer = buffer.asSlice(framing.headerBytes());
    }

    /// Hands on what is there.
    ///
    /// @return false at the end of the stream
    boolean pass() {
      boolean inHeader = left == 0;
      MemorySegment into =
          inHeader
              ? header.asSlice(headerBytes)
              : buffer.asSlice(0, Math.min(left, buffer.byteSize()));
      int bytes = from.receive(into, fds);
      if (bytes == UnixSocket.END) {
        return false;
      }
      try {
        to.send(into.asSlice(0, bytes), fds);
      } finally {
        fds.forEach(Fd::close);
        fds.clear();
      }
      if (inHeader) {
        headerBytes += bytes;
      } else {
        left -= bytes;
      }
      if (headerBytes == framing.headerBytes()) {
        headerBytes = 0;
        left = Integer.toUnsignedLong(header.get(SIZE, framing.sizeOffset()));
      }
      return true;
    }
  }
}
