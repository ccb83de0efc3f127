package braid.fabric;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.Memory;
import braid.port.PortCounters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The sending half of a session: holds each frame until the far NIC has taken it.
///
/// **Theory of operation.** Frames stand in a ring by number:
/// ```
///      acked            written              queued
///   ─────┴─────────────────┴────────────────────┴────►  number
///        │ sent, no answer │ no place in the    │
///        │ yet (may be     │ byte ring yet      │
///        │ taken back)     │                    │
/// ```
/// [#send] accepts as many as credit allows, so `written` waits for nothing but the socket. Bytes
/// are copied once, from where they lie (a guest's pages) into the byte ring; the frame itself is
/// released at the answer, so a guest's descriptor is completed when the far NIC has its frame.
///
/// **Taken back** ([#recall]) frames leave an empty place if they were written (their number is
/// used up) and no trace if not. **Repeated** ([#resume]) are the frames from the number that the
/// peer wants next; they and what follows get their numbers anew, so the stream has no gap where
/// frames were taken back.
///
/// **Thread**: the worker's. **Never**: allocation per frame, numbers that the peer did not allow.
final class Transmitter {
  /// Part of the byte ring that frames leave free for the other records.
  static final int RESERVE = 16 << 10;

  private static final int CONTROL_TYPE = 0x8902;

  private final @Nullable Frame[] slots;
  private final int mask;
  private final MemorySegment scratch = Arena.ofAuto().allocate(16, Long.BYTES);
  private final PortCounters counters;
  private final Counter dropDown;
  private final Counter dropCredit;
  private final Counter dropSize;
  private final Counter dropControl;
  private final Counter dropExpired;
  private final Counter repeated;
  private final Counter controlSent;

  private @Nullable ByteRing ring;
  private long acked;
  private long written;
  private long queued;

  /// Lowest number below which no frame is held.
  private long firstHeld;

  private int held;
  private long numberLimit;
  private long byteLimit;
  private long bytesWritten;
  private long bytesWaiting;
  private boolean ringFull;

  Transmitter(int frames, PortCounters counters) {
    this.slots = new Frame[frames];
    this.mask = frames - 1;
    this.counters = counters;
    this.dropDown = counters.counter("tx_drop_link_down");
    this.dropCredit = counters.counter("tx_drop_no_credit");
    this.dropSize = counters.counter("tx_drop_size");
    this.dropControl = counters.counter("tx_drop_control_full");
    this.dropExpired = counters.counter("tx_drop_expired");
    this.repeated = counters.counter("tx_repeated");
    this.controlSent = counters.counter("tx_control");
  }

  /// Frames accepted and neither answered nor taken back.
  int held() {
    return held;
  }

  /// Frames that wait for a place in the byte ring.
  boolean waiting() {
    return written < queued;
  }

  /// The byte ring was full when something was to be written, since the last [#write].
  boolean ringFull() {
    return ringFull;
  }

  int room() {
    if (ring == null) {
      return 0;
    }
    long numbers = Math.min(numberLimit, acked + slots.length) - queued;
    long bytes = (byteLimit - bytesWritten - bytesWaiting) / Frame.BYTES_MAX;
    return (int) Math.max(0, Math.min(numbers, bytes));
  }

  void send(Frame[] frames, int count) {
    int sent = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      int length = frame.length();
      if (ring == null) {
        drop(frame, dropDown);
      } else if (length < Records.ETHERNET_MIN
          || length > Frame.BYTES_MAX
          || frame.headLength() < Records.ETHERNET_MIN) {
        drop(frame, dropSize);
      } else if (control(frame, length)) {
        sendControl(frame, ring);
      } else if (queued - acked == slots.length
          || queued >= numberLimit
          || bytesWritten + bytesWaiting + length > byteLimit) {
        drop(frame, dropCredit);
      } else {
        slots[(int) queued & mask] = frame;
        queued++;
        held++;
        bytesWaiting += length;
        bytes += length;
        sent++;
      }
    }
    counters.txFrames.add(sent);
    counters.txBytes.add(bytes);
    write();
  }

  private static void drop(Frame frame, Counter reason) {
    reason.add(1);
    frame.release();
  }

  private static boolean control(Frame frame, int length) {
    return length <= Records.CONTROL_MAX && frame.pieces() == 0 && frame.u16(12) == CONTROL_TYPE;
  }

  private void sendControl(Frame frame, ByteRing to) {
    int body = Frame.HEADER_BYTES + frame.headLength();
    if (to.free() < Records.HEADER_BYTES + body) {
      drop(frame, dropControl);
      return;
    }
    long header = scratch.address();
    Memory.putInt(header, Records.CONTROL);
    Memory.putInt(header + Records.LENGTH, body);
    to.put(header, Records.HEADER_BYTES);
    to.put(frame.base(), body);
    controlSent.add(1);
    frame.release();
  }

  /// Writes what waits, as far as the byte ring has place.
  void write() {
    ByteRing to = ring;
    ringFull = false;
    if (to == null) {
      return;
    }
    while (written < queued && written < numberLimit) {
      Frame frame = slot(written);
      int length = frame.length();
      if (bytesWritten + length > byteLimit) {
        break; // accepted under an older, larger credit
      }
      if (to.free() < Records.HEADER_BYTES + Records.FRAME_BYTES + length + RESERVE) {
        ringFull = true;
        break;
      }
      put(to, frame, length);
      written++;
      bytesWritten += length;
      bytesWaiting -= length;
    }
  }

  private Frame slot(long number) {
    return Objects.requireNonNull(slots[(int) number & mask]);
  }

  private void put(ByteRing to, Frame frame, int length) {
    long header = scratch.address();
    Memory.putInt(header, Records.FRAME);
    Memory.putInt(header + Records.LENGTH, Records.FRAME_BYTES + length);
    Memory.putInt(header + Records.HEADER_BYTES, (int) written);
    long mark = to.mark();
    try {
      to.put(header, Records.HEADER_BYTES + Integer.BYTES);
      to.put(frame.base(), Frame.HEADER_BYTES + frame.headLength());
      for (int i = 0; i < frame.pieces(); i++) {
        to.put(frame.pieceAddress(i), frame.pieceLength(i));
      }
    } catch (Throwable fault) {
      // A guest's page went away under the copy: half a record must never be seen.
      to.reset(mark);
      throw fault;
    }
  }

  /// The peer's answer.
  ///
  /// @param done    numbers done, as on the wire
  /// @param numbers first number not allowed, as on the wire
  /// @param bytes   first byte not allowed
  /// @return false when it cannot be true
  boolean answered(int done, int numbers, long bytes) {
    long to = acked + (done - (int) acked);
    long limit = to + (numbers - done);
    if (to < acked || to > written || limit < to || limit - to > 65_536 || bytes < 0) {
      return false;
    }
    release(to);
    numberLimit = Math.max(numberLimit, limit);
    byteLimit = Math.max(byteLimit, bytes);
    return true;
  }

  private void release(long to) {
    for (; acked < to; acked++) {
      Frame frame = slots[(int) acked & mask];
      if (frame != null) {
        slots[(int) acked & mask] = null;
        held--;
        frame.release();
      }
    }
    firstHeld = Math.max(firstHeld, acked);
  }

  /// No connection: nothing is accepted, what was accepted is held.
  void detach() {
    ring = null;
    ringFull = false;
  }

  /// A connection on which the session goes on.
  ///
  /// @param to     its byte ring
  /// @param hello  what the peer wants next, has released, and takes
  /// @return false, and nothing done, when the peer wants what never was
  boolean resume(ByteRing to, Hello hello) {
    long next = acked + (hello.next() - (int) acked);
    long done = acked + (hello.done() - (int) acked);
    if (done < acked || next < done || next > written) {
      return false;
    }
    release(done);
    attach(to, hello, next);
    return true;
  }

  /// A connection on which the session begins: numbers from 0, what is held is sent first.
  void begin(ByteRing to, Hello hello) {
    Frame[] all = gather(acked);
    acked = 0;
    firstHeld = 0;
    written = 0;
    queued = 0;
    place(all, 0);
    ready(to, hello);
  }

  private void attach(ByteRing to, Hello hello, long next) {
    long before = written;
    int again = 0;
    for (long i = Math.max(next, firstHeld); i < before; i++) {
      again += slots[(int) i & mask] == null ? 0 : 1;
    }
    repeated.add(again);
    place(gather(next), next);
    ready(to, hello);
  }

  /// Takes the frames from number `from` on out of their places.
  private Frame[] gather(long from) {
    Frame[] all = new Frame[(int) (queued - from)];
    int count = 0;
    for (long i = from; i < queued; i++) {
      Frame frame = slots[(int) i & mask];
      slots[(int) i & mask] = null;
      if (frame != null) {
        all[count++] = frame;
      }
    }
    return Arrays.copyOf(all, count);
  }

  private void place(Frame[] frames, long from) {
    written = from;
    queued = from;
    bytesWaiting = 0;
    for (Frame frame : frames) {
      slots[(int) queued & mask] = frame;
      queued++;
      bytesWaiting += frame.length();
    }
    firstHeld = Math.min(firstHeld, from);
  }

  private void ready(ByteRing to, Hello hello) {
    ring = to;
    bytesWritten = 0;
    byteLimit = hello.creditBytes();
    numberLimit = written + hello.creditFrames();
  }

  /// Takes back what was not answered, oldest first.
  int recall(Frame[] into, int max) {
    int count = 0;
    for (; firstHeld < written && count < max; firstHeld++) {
      Frame frame = slots[(int) firstHeld & mask];
      if (frame != null) {
        slots[(int) firstHeld & mask] = null;
        into[count++] = frame;
      }
    }
    int unwritten = (int) Math.min(max - count, queued - written);
    for (int i = 0; i < unwritten; i++) {
      Frame frame = slot(written + i);
      bytesWaiting -= frame.length();
      into[count++] = frame;
    }
    if (unwritten > 0) {
      // These never had a number: the rest moves up.
      for (long i = written + unwritten; i < queued; i++) {
        slots[(int) (i - unwritten) & mask] = slots[(int) i & mask];
      }
      for (long i = queued - unwritten; i < queued; i++) {
        slots[(int) i & mask] = null;
      }
      queued -= unwritten;
    }
    held -= count;
    return count;
  }

  /// Releases all that is held, as dropped.
  ///
  /// @return how many
  int expire() {
    Frame[] batch = new Frame[64];
    int count = 0;
    for (int got = recall(batch, batch.length); got > 0; got = recall(batch, batch.length)) {
      for (int i = 0; i < got; i++) {
        batch[i].release();
      }
      count += got;
    }
    dropExpired.add(count);
    return count;
  }
}
