package braid.tck;

import braid.kernel.Fd;
import braid.kernel.LinuxException;
import braid.kernel.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The front-end's end of a vhost-user socket, without opinions: it sends what it is told to.
///
/// ```
///  0 request u32 | 4 flags u32: version 1 (bits 0-1), reply (2), need_reply (3) | 8 size u32 |
///  12 payload
/// ```
/// One thread.
final class FrontEnd implements AutoCloseable {
  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int RESET_OWNER = 4;
  static final int SET_MEM_TABLE = 5;
  static final int SET_LOG_BASE = 6;
  static final int SET_VRING_NUM = 8;
  static final int SET_VRING_ADDR = 9;
  static final int SET_VRING_BASE = 10;
  static final int GET_VRING_BASE = 11;
  static final int SET_VRING_KICK = 12;
  static final int SET_VRING_CALL = 13;
  static final int SET_VRING_ERR = 14;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int SET_PROTOCOL_FEATURES = 16;
  static final int SET_VRING_ENABLE = 18;
  static final int SET_BACKEND_REQ_FD = 21;
  static final int IOTLB_MSG = 22;

  static final int VERSION = 1;
  static final int REPLY = 4;
  static final int NEED_REPLY = 8;
  static final int HEADER_BYTES = 12;

  /// A slice of waiting; the loop around it counts patience.
  private static final int SLICE_MILLIS = 10;

  /// What the back-end sent.
  ///
  /// @param request id it answers
  /// @param flags   header flags
  /// @param size    bytes of payload
  /// @param u64     the first 8 bytes of it, 0 when it is shorter
  record Message(int request, int flags, int size, long u64) {}

  private final UnixSocket socket;
  private final int patienceMillis;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment in = arena.allocate(4096);
  private int inBytes;
  private boolean ended;

  FrontEnd(Subject subject) {
    socket = UnixSocket.connect(subject.socket());
    patienceMillis = subject.patienceMillis();
    socket.timeouts(Duration.ofMillis(SLICE_MILLIS), Duration.ofMillis(patienceMillis));
  }

  /// Limits how long a send waits for a back-end that does not read.
  void sendPatience(int millis) {
    socket.timeouts(Duration.ofMillis(SLICE_MILLIS), Duration.ofMillis(millis));
  }

  /// Sends a well-formed header with any payload.
  ///
  /// @return false when the back-end is gone or does not take it
  boolean send(int request, int flags, byte[] payload, List<Fd> fds) {
    return raw(new Bytes().u32(request).u32(flags).u32(payload.length).done(), payload, fds);
  }

  boolean send(int request, byte[] payload, Fd... fds) {
    return send(request, VERSION, payload, List.of(fds));
  }

  /// Sends bytes as they are.
  boolean raw(byte[] header, byte[] payload, List<Fd> fds) {
    try (Arena once = Arena.ofConfined()) {
      MemorySegment bytes = once.allocate(header.length + payload.length);
      MemorySegment.copy(header, 0, bytes, ValueLayout.JAVA_BYTE, 0, header.length);
      MemorySegment.copy(payload, 0, bytes, ValueLayout.JAVA_BYTE, header.length, payload.length);
      socket.send(bytes, fds);
      return true;
    } catch (LinuxException e) {
      if (e.errorName().equals("EPIPE") || e.errorName().equals("ECONNRESET")) {
        ended = true;
      }
      return false;
    }
  }

  /// Waits for the next message.
  ///
  /// @return null when none came; [#ended] tells whether any can
  @Nullable Message receive() {
    for (int waited = 0; waited <= patienceMillis; waited += SLICE_MILLIS) {
      Message message = next();
      if (message != null || ended) {
        return message;
      }
    }
    return null;
  }

  private @Nullable Message next() {
    fill();
    if (inBytes < HEADER_BYTES) {
      return null;
    }
    int size = in.get(ValueLayout.JAVA_INT_UNALIGNED, 8);
    if (size < 0 || size > in.byteSize() - HEADER_BYTES) {
      throw new IllegalStateException("the back-end sent a message of " + size + " bytes");
    }
    if (inBytes < HEADER_BYTES + size) {
      return null;
    }
    Message message =
        new Message(
            in.get(ValueLayout.JAVA_INT_UNALIGNED, 0),
            in.get(ValueLayout.JAVA_INT_UNALIGNED, 4),
            size,
            size >= 8 ? in.get(ValueLayout.JAVA_LONG_UNALIGNED, HEADER_BYTES) : 0);
    inBytes -= HEADER_BYTES + size;
    MemorySegment.copy(in, HEADER_BYTES + size, in, 0, inBytes);
    return message;
  }

  private void fill() {
    if (ended) {
      return;
    }
    List<Fd> fds = new ArrayList<>();
    int got = socket.receive(in.asSlice(inBytes), fds);
    fds.forEach(Fd::close);
    if (got == UnixSocket.END) {
      ended = true;
    } else if (got != UnixSocket.TIMEOUT) {
      inBytes += got;
    }
  }

  /// A send or an earlier look has found the session closed.
  boolean hungUp() {
    return ended;
  }

  /// Looks once, for a slice of time, whether the back-end has closed the session.
  boolean endedNow() {
    while (!ended && next() != null) {
      // an answer to something before; goes by
    }
    return ended;
  }

  /// Waits for the back-end to close the session.
  ///
  /// @return false when it did not
  boolean ends() {
    for (int waited = 0; waited <= patienceMillis && !ended; waited += SLICE_MILLIS) {
      endedNow();
    }
    return ended;
  }

  /// Asks for a number.
  long get(int request) {
    send(request, new byte[0]);
    Message answer = receive();
    if (answer == null || answer.request() != request || answer.size() != 8) {
      throw new IllegalStateException(
          "no answer to request " + request + (ended ? ": session ended" : ": " + answer));
    }
    return answer.u64();
  }

  /// Sends a request with need_reply.
  ///
  /// @return [Outcome#BORNE] for the answer 0, [Outcome#REFUSED] for another, [Outcome#ENDED], or
  ///     [Outcome#WRONG] for no answer at all
  Outcome ask(int request, byte[] payload, Fd... fds) {
    return ask(request, payload, List.of(fds));
  }

  Outcome ask(int request, byte[] payload, List<Fd> fds) {
    send(request, VERSION | NEED_REPLY, payload, fds);
    return answer(request);
  }

  /// Waits for the answer to `request`; as [#ask].
  Outcome answer(int request) {
    while (true) {
      Message answer = receive();
      if (answer == null) {
        return ended ? Outcome.ENDED : Outcome.WRONG;
      }
      if (answer.request() == request && answer.size() == 8) {
        return answer.u64() == 0 ? Outcome.BORNE : Outcome.REFUSED;
      }
    }
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
