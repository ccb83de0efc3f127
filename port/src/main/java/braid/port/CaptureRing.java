package braid.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Copies of frames on their way from a worker to a thread that writes them somewhere: a ring of
/// bytes with one writer and one reader.
///
/// **Theory of operation.** The ring holds pcapng Enhanced Packet Blocks one after the other
/// (draft-ietf-opsawg-pcapng, 4.3, little-endian), so the reader passes bytes on without looking at
/// them. A block is put in whole or not at all: when it does not fit, the frame is missing from the
/// capture and counted ([#lost]), and the worker goes on. Blocks are multiples of 4 bytes and the
/// ring a power of two, so a number never lies across the ring's end; a frame's bytes may, and are
/// copied in two parts.
///
/// The memory is a Java array on purpose: a capture may end while the worker is inside [#put], and
/// an array lives as long as anybody looks at it.
///
/// The worker does not wake the reader, which would be a system call per batch: the reader looks
/// again by itself after some milliseconds. The ring must hold what passes in that time.
///
/// **Threads**: [#put] by the one worker that owns the ports; [#drain] by one reader; the numbers
/// by anybody.
public final class CaptureRing {
  /// Direction in epb_flags: what a port gave.
  static final int INBOUND = 1;

  /// Direction in epb_flags: what a port took.
  static final int OUTBOUND = 2;

  /// Least size: the longest frame and its block fit.
  public static final int BYTES_MIN = 1 << 17;

  /// Sends bytes on.
  ///
  /// @param <X> what can go wrong
  @FunctionalInterface
  public interface Sink<X extends Exception> {
    /// Takes all that remains in `bytes`.
    void write(ByteBuffer bytes) throws X;
  }

  private static final int ENHANCED_PACKET_BLOCK = 6;

  /// What a block has besides the frame: 28 header, 8 epb_flags, 4 opt_endofopt, 4 trailer.
  private static final int BLOCK_EXTRA = 44;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle HEAD = counter("head");
  private static final VarHandle TAIL = counter("tail");

  private final byte[] bytes;
  private final int mask;
  private final int snapLength;
  private final Clock clock;
  private final long limit;
  private final Counter taken = new Counter("captured");
  private final Counter[] takenOf;
  private final Counter[] lostOf;

  /// Bytes read so far; the reader's.
  @SuppressWarnings("unused") // by HEAD
  private long head;

  /// Bytes written so far; the worker's.
  @SuppressWarnings("unused") // by TAIL
  private long tail;

  private static VarHandle counter(String name) {
    try {
      return MethodHandles.lookup().findVarHandle(CaptureRing.class, name, long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// An empty ring.
  ///
  /// @param size       bytes, a power of two from [#BYTES_MIN] to 2^30
  /// @param ports      how many it will be attached to, at least 1
  /// @param snapLength most bytes of a frame that are kept, 1 to [Frame#BYTES_MAX]
  /// @param limit      frames after which nothing more is taken, 1 to [Long#MAX_VALUE]
  /// @param clock      nanoseconds since 1970, as [Clock#sinceEpoch] gives; asked for each frame
  public CaptureRing(int size, int ports, int snapLength, long limit, Clock clock) {
    if (Integer.bitCount(size) != 1 || size < BYTES_MIN || size > 1 << 30) {
      throw new IllegalArgumentException("a ring of " + size + " bytes");
    }
    if (snapLength < 1 || snapLength > Frame.BYTES_MAX || limit < 1) {
      throw new IllegalArgumentException("snap length " + snapLength + ", limit " + limit);
    }
    this.bytes = new byte[size];
    this.takenOf = counters("captured", ports);
    this.lostOf = counters("lost", ports);
    this.mask = size - 1;
    this.snapLength = snapLength;
    this.limit = limit;
    this.clock = clock;
  }

  private static Counter[] counters(String name, int count) {
    Counter[] counters = new Counter[count];
    Arrays.setAll(counters, i -> new Counter(name));
    return counters;
  }

  /// Most bytes of a frame that are kept.
  public int snapLength() {
    return snapLength;
  }

  /// Frames in the ring or already read.
  public long taken() {
    return taken.get();
  }

  /// Frames of port `port` in the ring or already read.
  public long taken(int port) {
    return takenOf[port].get();
  }

  /// Frames of port `port` that found no room.
  public long lost(int port) {
    return lostOf[port].get();
  }

  /// Frames that found no room.
  public long lost() {
    long sum = 0;
    for (Counter counter : lostOf) {
      sum += counter.get();
    }
    return sum;
  }

  /// The limit is reached: nothing more will come in.
  public boolean full() {
    return taken.get() >= limit;
  }

  /// Copies a frame in; the worker only.
  ///
  /// @param port      number of the port's interface description in the capture, from 0
  /// @param direction [#INBOUND] or [#OUTBOUND]
  void put(Frame frame, int port, int direction) {
    if (taken.get() >= limit) {
      return;
    }
    int length = frame.length();
    int kept = Math.min(length, snapLength);
    int padded = (kept + 3) & ~3;
    int total = padded + BLOCK_EXTRA;
    long start = (long) TAIL.get(this);
    if (start + total - (long) HEAD.getAcquire(this) > bytes.length) {
      lostOf[port].add(1);
      return;
    }
    long stamp = clock.nanos();
    number(start, ENHANCED_PACKET_BLOCK);
    number(start + 4, total);
    number(start + 8, port);
    number(start + 12, (int) (stamp >>> 32));
    number(start + 16, (int) stamp);
    number(start + 20, kept);
    number(start + 24, length);
    // Padding first, the frame over it: what lay in the ring before stays out of the capture.
    number(start + 24 + padded, kept == 0 ? length : 0);
    frame(frame, start + 28, kept);
    long after = start + 28 + padded;
    number(after, 4 << 16 | 2); // epb_flags, 4 bytes
    number(after + 4, direction);
    number(after + 8, 0); // opt_endofopt
    number(after + 12, total);
    TAIL.setRelease(this, start + total);
    takenOf[port].add(1);
    taken.add(1);
  }

  private void number(long at, int value) {
    INT.set(bytes, (int) at & mask, value);
  }

  private void frame(Frame frame, long start, int kept) {
    int left = Math.min(kept, frame.headLength());
    copy(frame.head(), start, left);
    long at = start + left;
    left = kept - left;
    for (int i = 0; left > 0; i++) {
      int part = Math.min(left, frame.pieceLength(i));
      copy(frame.pieceAddress(i), at, part);
      at += part;
      left -= part;
    }
  }

  private void copy(long from, long at, int count) {
    int place = (int) at & mask;
    int first = Math.min(count, bytes.length - place);
    Memory.read(from, bytes, place, first);
    if (first < count) {
      Memory.read(from + first, bytes, 0, count - first);
    }
  }

  /// Hands all that is in the ring to `sink`, in one or two parts that start and end anywhere in a
  /// block; together they are whole blocks. The reader only.
  ///
  /// @param <X>  what the sink can throw; what it was given is then gone
  /// @param sink writes
  /// @return how many bytes
  public <X extends Exception> int drain(Sink<X> sink) throws X {
    long start = (long) HEAD.get(this);
    int count = (int) ((long) TAIL.getAcquire(this) - start);
    if (count == 0) {
      return 0;
    }
    int place = (int) start & mask;
    int first = Math.min(count, bytes.length - place);
    try {
      sink.write(ByteBuffer.wrap(bytes, place, first).asReadOnlyBuffer());
      if (first < count) {
        sink.write(ByteBuffer.wrap(bytes, 0, count - first).asReadOnlyBuffer());
      }
    } finally {
      HEAD.setRelease(this, start + count);
    }
    return count;
  }
}
