package braid.guest;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FrameSource;
import braid.port.Memory;
import braid.port.PortCounters;
import braid.virtio.DriverQueue;
import braid.virtio.NetHeader;
import org.jspecify.annotations.Nullable;

/// The transmit half of a [VirtioNetPort]: which frames the device has, and how they come back.
///
/// **Theory of operation.** A frame that is given to the device occupies a *slot* until the device
/// completes it; the slot's number is the token of its descriptors. The frame's own memory goes in
/// place, as one descriptor for header and head and one for each piece. Memory that the device
/// cannot reach is copied into bounce buffers first; the frame itself stays in the slot all the
/// same, so that it can be taken back.
///
/// ```
///   slot:  FREE ──give──► DEVICE ──completed──► FREE                    the frame is released
///                           │ recalled (the device is silent, but not reset)
///                           ▼
///                         SHARED ──completed──► VIEW ──view back──► FREE
///                           └─────view back───► RECALLED ─completed─► FREE
/// ```
/// A silent device may still read what it was given, so the memory stays until it completes or is
/// reset. Who recalls gets a *view*: a second frame with its own copy of header and head, and the
/// rest in place. The slot is free when both are done with it. After a reset the device has
/// nothing any more: originals that nobody recalled wait in `orphans`, oldest first, to be
/// recalled or sent again.
///
/// **Thread**: the port's worker. **Never** here: allocation after construction, exceptions.
final class TransmitQueue {
  /// A slot's state.
  private static final byte FREE = 0;

  private static final byte DEVICE = 1;
  private static final byte SHARED = 2;
  private static final byte VIEW = 3;
  private static final byte RECALLED = 4;

  private static final int BOUNCE_BYTES = 4096;
  private static final int BOUNCE_COUNT = 64;
  private static final int VIEW_BYTES = Frame.HEADER_BYTES + Frame.HEAD_BYTES;

  private final DmaMemory memory;
  private final int slots;
  private final byte[] state;
  private final @Nullable Frame[] frame;
  private final long[] order;
  private final int[] bounceOf;
  private final Frame[] views;
  private final int[] freeSlots;
  private int freeSlotCount;
  private long given;

  private final long bounceBase;
  private final int[] bounceNext = new int[BOUNCE_COUNT];
  private int bounceFree;
  private int bounceFreeCount;

  private final @Nullable Frame[] orphans;
  private int orphanHead;
  private int orphanCount;

  private final long[] addresses = new long[Frame.PIECES_MAX + 2];
  private final int[] lengths = new int[Frame.PIECES_MAX + 2];

  private final Counter txFrames;
  private final Counter txBytes;
  private final Counter dropFull;
  private final Counter dropMemory;
  private final Counter dropOrphan;
  private final Counter bounced;
  private final Counter recalled;

  private @Nullable DriverQueue queue;
  private long delta;
  private int descriptorsPerFrame;
  private int inFlight;

  /// Lays out views and bounce buffers in `memory`.
  ///
  /// @param slots most frames that the device has at a time
  TransmitQueue(DmaMemory memory, int slots, PortCounters counters) {
    this.memory = memory;
    this.slots = slots;
    state = new byte[slots];
    frame = new Frame[slots];
    order = new long[slots];
    bounceOf = new int[slots];
    views = new Frame[slots];
    freeSlots = new int[slots];
    orphans = new Frame[slots];
    long viewBase = memory.take((long) slots * roundUp(VIEW_BYTES), 64).address();
    FrameSource viewBack = this::viewBack;
    for (int i = 0; i < slots; i++) {
      views[i] =
          new Frame(
              viewBack, viewBase + (long) i * roundUp(VIEW_BYTES), VIEW_BYTES, Frame.PIECES_MAX);
      bounceOf[i] = -1;
      freeSlots[freeSlotCount++] = slots - 1 - i;
    }
    bounceBase = memory.take((long) BOUNCE_COUNT * BOUNCE_BYTES, 4096).address();
    for (int i = 0; i < BOUNCE_COUNT; i++) {
      bounceNext[i] = i + 1 < BOUNCE_COUNT ? i + 1 : -1;
    }
    bounceFreeCount = BOUNCE_COUNT;
    txFrames = counters.txFrames;
    txBytes = counters.txBytes;
    dropFull = counters.counter("tx_drop_full");
    dropMemory = counters.counter("tx_drop_no_bounce_memory");
    dropOrphan = counters.counter("tx_drop_orphaned");
    bounced = counters.counter("tx_bounced");
    recalled = counters.counter("tx_recalled");
  }

  private static int roundUp(int bytes) {
    return (bytes + 63) & ~63;
  }

  /// Works on a new, empty ring from now on.
  ///
  /// @param deviceDelta what to add to a native address for the device
  /// @param perFrame    descriptors that a frame may take: 1 with indirect tables
  void attach(DriverQueue fresh, long deviceDelta, int perFrame) {
    queue = fresh;
    delta = deviceDelta;
    descriptorsPerFrame = perFrame;
  }

  /// The device was reset or is gone: it touches nothing any more. What it had becomes orphans.
  void detach() {
    queue = null;
    for (int slot = oldest(); slot >= 0; slot = oldest()) {
      inFlight--;
      switch (state[slot]) {
        case DEVICE -> {
          putOrphan(frameOf(slot));
          free(slot);
        }
        case SHARED -> state[slot] = VIEW;
        default -> {
          frameOf(slot).release();
          free(slot);
        }
      }
    }
  }

  /// How many frames can be given now.
  int room() {
    DriverQueue ring = queue;
    return ring == null ? 0 : Math.min(freeSlotCount, ring.free() / descriptorsPerFrame);
  }

  /// How many frames the device has.
  int inFlight() {
    return inFlight;
  }

  /// Gives a frame to the device, or drops, counts and releases it.
  void give(Frame taken) {
    DriverQueue ring = queue;
    if (ring == null || freeSlotCount == 0) {
      drop(taken, dropFull);
      return;
    }
    prepareHeader(taken);
    int length = taken.length();
    int slot = freeSlots[freeSlotCount - 1];
    int count = inPlace(taken) ? describe(taken) : bounce(taken, slot);
    if (count < 0) {
      drop(taken, dropMemory);
      return;
    }
    if (ring.add(addresses, lengths, count, 0, slot) == DriverQueue.FULL) {
      freeBounce(slot);
      drop(taken, dropFull);
      return;
    }
    freeSlotCount--;
    state[slot] = DEVICE;
    frame[slot] = taken;
    order[slot] = given++;
    inFlight++;
    txFrames.add(1);
    txBytes.add(length);
  }

  /// A driver sets num_buffers to 0 and no flag but NEEDS_CSUM (VIRTIO 1.3, 5.1.6.2.1).
  private static void prepareHeader(Frame frame) {
    long header = frame.base();
    Memory.putByte(
        header + NetHeader.FLAGS,
        (byte) (Memory.getByte(header + NetHeader.FLAGS) & NetHeader.F_NEEDS_CSUM));
    Memory.putShort(header + NetHeader.NUM_BUFFERS, (short) 0);
  }

  private static void drop(Frame frame, Counter why) {
    why.add(1);
    frame.release();
  }

  private boolean inPlace(Frame frame) {
    if (!memory.contains(frame.base(), Frame.HEADER_BYTES + frame.headLength())) {
      return false;
    }
    for (int i = 0; i < frame.pieces(); i++) {
      if (!memory.contains(frame.pieceAddress(i), frame.pieceLength(i))) {
        return false;
      }
    }
    return true;
  }

  private int describe(Frame frame) {
    addresses[0] = frame.base() + delta;
    lengths[0] = Frame.HEADER_BYTES + frame.headLength();
    int pieces = frame.pieces();
    for (int i = 0; i < pieces; i++) {
      addresses[i + 1] = frame.pieceAddress(i) + delta;
      lengths[i + 1] = frame.pieceLength(i);
    }
    return pieces + 1;
  }

  /// Copies header and frame into bounce buffers of `slot`.
  ///
  /// @return how many descriptors, -1 when there are too few buffers
  private int bounce(Frame frame, int slot) {
    int total = Frame.HEADER_BYTES + frame.length();
    int need = (total + BOUNCE_BYTES - 1) / BOUNCE_BYTES;
    if (need > bounceFreeCount) {
      return -1;
    }
    bounced.add(1);
    bounceFreeCount -= need;
    int last = bounceFree;
    bounceOf[slot] = bounceFree;
    for (int i = 0; i < need; i++) {
      addresses[i] = bounceBase + (long) bounceFree * BOUNCE_BYTES;
      lengths[i] = Math.min(BOUNCE_BYTES, total - i * BOUNCE_BYTES);
      last = bounceFree;
      bounceFree = bounceNext[bounceFree];
    }
    bounceNext[last] = -1;
    int at = spread(frame.base(), Frame.HEADER_BYTES + frame.headLength(), 0);
    for (int i = 0; i < frame.pieces(); i++) {
      at = spread(frame.pieceAddress(i), frame.pieceLength(i), at);
    }
    for (int i = 0; i < need; i++) {
      addresses[i] += delta;
    }
    return need;
  }

  /// Copies `length` bytes to position `at` of the bounce buffers in `addresses`.
  private int spread(long from, int length, int at) {
    int done = 0;
    while (done < length) {
      int offset = (at + done) % BOUNCE_BYTES;
      int part = Math.min(length - done, BOUNCE_BYTES - offset);
      Memory.copy(from + done, addresses[(at + done) / BOUNCE_BYTES] + offset, part);
      done += part;
    }
    return at + length;
  }

  private void freeBounce(int slot) {
    int buffer = bounceOf[slot];
    bounceOf[slot] = -1;
    while (buffer >= 0) {
      int following = bounceNext[buffer];
      bounceNext[buffer] = bounceFree;
      bounceFree = buffer;
      bounceFreeCount++;
      buffer = following;
    }
  }

  /// The device is done with the frame of `slot`, as its used ring says.
  void completed(int slot) {
    inFlight--;
    if (state[slot] == SHARED) {
      state[slot] = VIEW;
      return;
    }
    Frame done = frameOf(slot);
    free(slot);
    done.release();
  }

  private Frame frameOf(int slot) {
    Frame taken = frame[slot];
    if (taken == null) {
      throw new AssertionError("slot " + slot + " in state " + state[slot] + " has no frame");
    }
    return taken;
  }

  private void free(int slot) {
    freeBounce(slot);
    state[slot] = FREE;
    frame[slot] = null;
    freeSlots[freeSlotCount++] = slot;
  }

  /// The slot given first among those the device still has, -1 for none. A walk over all slots:
  /// only after failures.
  private int oldest() {
    int oldest = -1;
    for (int slot = 0; slot < slots; slot++) {
      boolean atDevice = state[slot] == DEVICE || state[slot] == SHARED || state[slot] == RECALLED;
      if (atDevice && (oldest < 0 || order[slot] < order[oldest])) {
        oldest = slot;
      }
    }
    return oldest;
  }

  private int oldestNotRecalled() {
    int oldest = -1;
    for (int slot = 0; slot < slots; slot++) {
      if (state[slot] == DEVICE && (oldest < 0 || order[slot] < order[oldest])) {
        oldest = slot;
      }
    }
    return oldest;
  }

  /// Gives back what the device did not complete, oldest first: originals that a reset left over,
  /// then views of what the device still has.
  int recall(Frame[] into, int max) {
    int count = 0;
    while (count < max && orphanCount > 0) {
      into[count++] = takeOrphan();
    }
    while (count < max) {
      int slot = oldestNotRecalled();
      if (slot < 0) {
        break;
      }
      Frame view = viewOf(slot);
      if (view == null) {
        // Too many pieces for a view; the device keeps it.
        state[slot] = RECALLED;
        dropOrphan.add(1);
        continue;
      }
      state[slot] = SHARED;
      into[count++] = view;
    }
    recalled.add(count);
    return count;
  }

  private @Nullable Frame viewOf(int slot) {
    Frame original = frameOf(slot);
    int head = Math.min(original.headLength(), Frame.HEAD_BYTES);
    int rest = original.headLength() - head;
    if (original.pieces() + (rest > 0 ? 1 : 0) > Frame.PIECES_MAX) {
      return null;
    }
    Frame view = views[slot].open(slot);
    Memory.copy(original.base(), view.base(), Frame.HEADER_BYTES + head);
    view.headLength(head);
    if (rest > 0) {
      view.addPiece(original.head() + head, rest);
    }
    for (int i = 0; i < original.pieces(); i++) {
      view.addPiece(original.pieceAddress(i), original.pieceLength(i));
    }
    return view;
  }

  private void viewBack(Frame view) {
    int slot = viewSlot(view);
    if (state[slot] == SHARED) {
      state[slot] = RECALLED;
      return;
    }
    Frame original = frameOf(slot);
    free(slot);
    original.release();
  }

  /// Which slot a view belongs to: by address, since the token is the holder's to change.
  private int viewSlot(Frame view) {
    return (int) ((view.base() - views[0].base()) / roundUp(VIEW_BYTES));
  }

  private void putOrphan(Frame original) {
    if (orphanCount == orphans.length) {
      drop(takeOrphan(), dropOrphan);
    }
    orphans[(orphanHead + orphanCount++) % orphans.length] = original;
  }

  private Frame takeOrphan() {
    Frame orphan = orphans[orphanHead];
    if (orphan == null) {
      throw new AssertionError("orphan " + orphanHead + " of " + orphanCount);
    }
    orphans[orphanHead] = null;
    orphanHead = (orphanHead + 1) % orphans.length;
    orphanCount--;
    return orphan;
  }

  /// The device came back before anybody recalled: what it had goes to it again, in order.
  void resendOrphans() {
    for (int n = orphanCount; n > 0; n--) {
      give(takeOrphan());
    }
  }

  /// Nobody recalled them and they are too old to be sent now.
  void dropOrphans() {
    while (orphanCount > 0) {
      drop(takeOrphan(), dropOrphan);
    }
  }
}
