package braid.fabric;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.FrameSource;
import braid.port.Memory;
import braid.port.PortCounters;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The receiving half of a session: the memory that credit is given for.
///
/// **Theory of operation.** Each received frame has a slot (its virtio_net_hdr and first 128 bytes)
/// and, for the rest, a stretch of one ring of bytes, the store. Both are used in the order in
/// which frames came and freed in the same order, when the frame and all before it were released:
/// ```
///      done              taken              received
///   ─────┴─────────────────┴───────────────────┴────►  index
///        │ given out, not  │ nobody has taken  │
///        │ all released    │ it yet            │
/// ```
/// So memory for small frames is small, and no frame of 64 KiB needs 64 KiB kept for each possible
/// frame. Bytes are copied once, out of the byte ring, which thereby never waits for a slow NIC and
/// always has the control records.
///
/// *Done* is what the peer is told: the far NIC has taken these. What is free beyond it is the
/// credit.
///
/// **Index and number.** The index counts all frames of this port, the number on the wire those of
/// the session: `number = index - base`. When a session begins anew while frames of the old one are
/// still out, the new one gets what is left.
///
/// **Thread**: the worker's. **Ownership**: the memory is the caller's and outlives all frames.
final class Receiver {
  private static final int STRIDE = (Window.SLOT_BYTES + 63) & ~63;

  /// Who sends may keep as many places free for frames that matter more than data.
  private static final int KEPT_FREE = 2;

  private final Slot[] slots;
  private final int mask;
  private final int windowBytes;
  private final long store;
  private final FramePool controlPool;
  private final Frame[] control = new Frame[Window.CONTROL_FRAMES];
  private final PortCounters counters;
  private final Counter duplicates;
  private final Counter dropHeader;
  private final Counter dropControl;
  private final Counter controlReceived;

  private int controlFirst;
  private int controlCount;
  private long done;
  private long taken;
  private long received;
  private long base;

  /// Bytes of frames from `done` to `received`.
  private int bytesHeld;

  /// Where the next stretch of the store begins; grows for ever, the place is the remainder.
  private long storeNext;

  private long bytesReceived;
  private long doneTold;
  private int bytesFreed;

  /// @param memory of [Window#memoryBytes] bytes
  Receiver(Window window, MemorySegment memory, PortCounters counters) {
    if (memory.byteSize() < window.memoryBytes() || memory.address() % 64 != 0) {
      throw new IllegalArgumentException(
          "fabric memory: " + window.memoryBytes() + " bytes, 64-byte aligned, not " + memory);
    }
    int count = window.frames();
    this.slots = new Slot[count];
    this.mask = count - 1;
    this.windowBytes = window.bytes();
    for (int i = 0; i < count; i++) {
      slots[i] = new Slot(memory.address() + (long) i * STRIDE);
    }
    long at = (long) count * STRIDE;
    long controlBytes = FramePool.bytesFor(Window.CONTROL_FRAMES, Window.SLOT_BYTES);
    this.controlPool = new FramePool(memory.asSlice(at, controlBytes), Window.SLOT_BYTES, 0);
    this.store = memory.address() + at + controlBytes;
    this.counters = counters;
    this.duplicates = counters.counter("rx_duplicates");
    this.dropHeader = counters.counter("rx_drop_header_invalid");
    this.dropControl = counters.counter("rx_drop_control_full");
    this.controlReceived = counters.counter("rx_control");
  }

  /// Takes a FRAME out of the byte ring.
  ///
  /// @param offset of its body
  /// @param body   length of the body, checked
  /// @return how the peer broke the protocol, or null
  @Nullable String frame(ByteRing ring, int offset, int body) {
    int number = ring.getInt(offset);
    int ahead = number - (int) (received - base);
    if (ahead != 0) {
      if (ahead > 0) {
        return "a gap in its numbers";
      }
      duplicates.add(1);
      return null;
    }
    int length = body - Records.FRAME_BYTES;
    if (received - done == slots.length || length > windowBytes - bytesHeld) {
      return "a frame beyond its credit";
    }
    Slot slot = slots[(int) received & mask];
    int head = Math.min(length, Frame.HEAD_BYTES);
    ring.copy(offset + Integer.BYTES, slot.frame.base(), Frame.HEADER_BYTES + head);
    slot.length = length;
    slot.start = storeNext;
    slot.released = false;
    if (length > head) {
      store(ring, offset + Records.FRAME_BYTES + head, length - head);
    }
    received++;
    bytesHeld += length;
    bytesReceived += length;
    return null;
  }

  private void store(ByteRing ring, int offset, int bytes) {
    int at = (int) (storeNext % windowBytes);
    int first = Math.min(bytes, windowBytes - at);
    ring.copy(offset, store + at, first);
    if (first < bytes) {
      ring.copy(offset + first, store, bytes - first);
    }
    storeNext += bytes;
  }

  /// Takes a CONTROL out of the byte ring.
  void control(ByteRing ring, int offset, int body) {
    Frame frame = controlPool.take();
    if (frame == null) {
      dropControl.add(1);
      return;
    }
    ring.copy(offset, frame.base(), body);
    frame.headLength(body - Frame.HEADER_BYTES);
    control[(controlFirst + controlCount) % control.length] = frame;
    controlCount++;
    controlReceived.add(1);
  }

  /// Something waits to be taken.
  boolean waiting() {
    return taken < received || controlCount > 0;
  }

  /// Gives frames out, control first.
  int receive(Frame[] into, int max) {
    int count = 0;
    while (controlCount > 0 && count < max) {
      into[count++] = control[controlFirst];
      controlFirst = (controlFirst + 1) % control.length;
      controlCount--;
    }
    long bytes = 0;
    int data = 0;
    while (taken < received && count < max) {
      Slot slot = slots[(int) taken & mask];
      taken++;
      if (open(slot)) {
        bytes += slot.length;
        data++;
        into[count++] = slot.frame;
      } else {
        dropHeader.add(1);
        slot.released = true;
        advance();
      }
    }
    counters.rxFrames.add(data);
    counters.rxBytes.add(bytes);
    return count;
  }

  private boolean open(Slot slot) {
    Frame frame = slot.frame;
    if (!HeaderCheck.clean(frame.base(), slot.length)) {
      return false;
    }
    frame.open(0);
    int head = Math.min(slot.length, Frame.HEAD_BYTES);
    frame.headLength(head);
    int rest = slot.length - head;
    if (rest > 0) {
      int at = (int) (slot.start % windowBytes);
      int first = Math.min(rest, windowBytes - at);
      frame.addPiece(store + at, first);
      if (first < rest) {
        frame.addPiece(store, rest - first);
      }
    }
    return true;
  }

  private void advance() {
    while (done < taken) {
      Slot slot = slots[(int) done & mask];
      if (!slot.released) {
        return;
      }
      bytesHeld -= slot.length;
      bytesFreed += slot.length;
      done++;
    }
  }

  /// Frames that are out.
  int out() {
    return (int) (taken - done) + Window.CONTROL_FRAMES - controlPool.available() - controlCount;
  }

  /// What is out leaves too little credit for the far end to send a frame of any length.
  boolean blocked() {
    return taken > done
        && (creditFrames() <= KEPT_FREE || creditBytes() < (KEPT_FREE + 1) * Frame.BYTES_MAX);
  }

  // What the peer is told

  /// Frames were released that the peer does not know of.
  boolean answerDue() {
    return done > doneTold;
  }

  /// So many that the peer should know now.
  boolean answerUrgent() {
    return done - doneTold >= slots.length >> 3 || bytesFreed >= windowBytes >> 3;
  }

  /// Writes an ACK record.
  void answer(long at) {
    Memory.putInt(at, Records.ACK);
    Memory.putInt(at + Records.LENGTH, Records.ACK_BYTES);
    long body = at + Records.HEADER_BYTES;
    Memory.putInt(body, doneNumber());
    Memory.putInt(body + 4, (int) (done + slots.length - base));
    Memory.putLong(body + 8, bytesReceived + windowBytes - bytesHeld);
    told();
  }

  private void told() {
    doneTold = done;
    bytesFreed = 0;
  }

  /// The connection is gone: forgets what nobody has taken, for the peer will send it again.
  void cut() {
    if (taken < received) {
      storeNext = slots[(int) taken & mask].start;
      for (; received > taken; received--) {
        bytesHeld -= slots[(int) (received - 1) & mask].length;
      }
    }
    while (controlCount > 0) {
      control[controlFirst].release();
      controlFirst = (controlFirst + 1) % control.length;
      controlCount--;
    }
  }

  /// The session begins: the next number is 0.
  void begin() {
    base = received;
  }

  /// A greeting on a new connection is about to tell the following four.
  void greet() {
    bytesReceived = 0;
    told();
  }

  /// Number of the frame that is wanted next.
  int next() {
    return (int) (received - base);
  }

  /// Numbers whose frames, and all before them, were released.
  int doneNumber() {
    // Below 0 while frames of an older session are out.
    return (int) Math.max(0, done - base);
  }

  int creditFrames() {
    return slots.length - (int) (received - done);
  }

  int creditBytes() {
    return windowBytes - bytesHeld;
  }

  /// One frame's place.
  private final class Slot implements FrameSource {
    private final Frame frame;
    private int length;
    private long start;
    private boolean released;

    Slot(long memory) {
      this.frame = new Frame(this, memory, Window.SLOT_BYTES, 2);
    }

    @Override
    public void reclaim(Frame back) {
      released = true;
      advance();
    }
  }
}
