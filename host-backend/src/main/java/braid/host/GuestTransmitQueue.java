package braid.host;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FrameSource;
import braid.port.Memory;
import braid.port.PortCounters;
import braid.virtio.Chain;
import braid.virtio.DeviceQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The guest's transmit queue from the device's side: chains become frames.
///
/// **Theory of operation.** [#receive] takes a chain, copies virtio_net_hdr and the first bytes of
/// the frame (at most [Frame#HEAD_BYTES]) once into memory of ours, where the guest cannot change
/// them any more, and leaves the rest where it is as pieces of the frame. The header is checked in
/// the copy, so whoever gets the frame may believe it. When the frame is released, from whatever
/// port it went to, its head is completed; the ring puts heads back in order, and [#flush] shows
/// the guest all of them at once.
///
/// A queue whose session has ended is *detached*: frames still out come back to it and only give
/// their memory free.
///
/// **Never**: allocation after construction, system calls, a second look at guest memory.
/// **Thread**: the worker's.
final class GuestTransmitQueue implements FrameSource {
  /// More pieces than a frame can carry, so that the chain's first piece may hold the header only.
  private static final int CHAIN_PIECES = Frame.PIECES_MAX + 2;

  /// Chains taken at a time: more than a processor fetches at once, few enough for its cache.
  private static final int CHAINS = 16;

  private static final int ETHER_HEADER = 14;
  private static final int HEADER = Frame.HEADER_BYTES;
  private static final int COPIED = HEADER + Frame.HEAD_BYTES;
  private static final int STRIDE = (COPIED + 63) & ~63;

  /// Most chains looked at in one call without giving a frame: a guest that offers rubbish as fast
  /// as it is thrown away does not keep the worker.
  private static final int DROPS_MAX = 64;

  /// Of a frame that was refused before anybody got it.
  private static final int NO_HEAD = -1;

  private final DeviceQueue queue;
  private final VirtioHeader header;
  private final PortCounters counters;
  private final Drops drops;
  private final Chain[] chains = new Chain[CHAINS];

  /// The frames' own memory; referred to so that the collector leaves it alone.
  private final MemorySegment own;

  private final Frame[] frames;
  private final int[] free;
  private final int[] headOf;
  private final GuestMemory[] takenFrom;
  private int freeCount;
  private int trouble;
  private boolean detached;

  @SuppressWarnings({"unused", "FieldCanBeLocal"}) // so that the touching is not optimised away
  private long touched;

  private @Nullable Runnable idle;

  /// Over a ring that has just been started.
  ///
  /// @param queue    the ring
  /// @param features what was negotiated
  /// @param counters of the port: rx_frames, rx_bytes
  /// @param drops    of the port, by reason
  GuestTransmitQueue(DeviceQueue queue, long features, PortCounters counters, Drops drops) {
    this.queue = queue;
    this.header = new VirtioHeader(features);
    this.counters = counters;
    this.drops = drops;
    for (int i = 0; i < CHAINS; i++) {
      chains[i] = new Chain(CHAIN_PIECES);
    }
    int size = queue.size();
    own = Arena.ofAuto().allocate((long) size * STRIDE, 64);
    frames = new Frame[size];
    free = new int[size];
    headOf = new int[size];
    takenFrom = new GuestMemory[size];
    for (int i = 0; i < size; i++) {
      // The head has room behind what is copied: a switch may put a VLAN tag in.
      frames[i] = new Frame(this, own.address() + (long) i * STRIDE, STRIDE, Frame.PIECES_MAX);
      // Last in, first out: a few frames stay in the cache.
      free[i] = size - 1 - i;
      takenFrom[i] = GuestMemory.NONE;
    }
    freeCount = size;
  }

  /// The ring, for its notifications and its position.
  DeviceQueue queue() {
    return queue;
  }

  /// Takes up to `max` frames.
  ///
  /// What the guest wrote lies in another processor's cache, and fetching a line takes as long as
  /// all other work on a frame. So chains are taken a few at a time, and the first lines of each
  /// are touched before any is copied: the fetches then overlap.
  ///
  /// @param memory what the frames will point into
  /// @return how many; [#trouble] says what ended the batch early
  int receive(Frame[] into, int max, GuestMemory memory) {
    int count = 0;
    int dropped = 0;
    trouble = DeviceQueue.EMPTY;
    while (count < max && dropped < DROPS_MAX) {
      int taken = takeChains(Math.min(max - count, CHAINS));
      for (int i = 0; i < taken; i++) {
        Frame frame = take(chains[i], memory);
        if (frame != null) {
          into[count++] = frame;
        } else {
          dropped++;
        }
      }
      if (taken < CHAINS) {
        break;
      }
    }
    if (count > 0) {
      long bytes = 0;
      for (int i = 0; i < count; i++) {
        bytes += into[i].length();
      }
      counters.rxFrames.add(count);
      counters.rxBytes.add(bytes);
    }
    return count;
  }

  private int takeChains(int most) {
    int ready = queue.ready();
    // The driver's index is in the line that it writes most: read it only when nothing is left.
    int wanted = Math.min(most, ready > 0 ? ready : queue.available());
    queue.warm(wanted);
    int taken = 0;
    // When there is nothing, next() tells why.
    while (taken < Math.max(1, wanted)) {
      int result = queue.next(chains[taken]);
      if (result != DeviceQueue.TAKEN) {
        trouble = result;
        break;
      }
      taken++;
    }
    long sum = 0;
    for (int i = 0; i < taken; i++) {
      Chain chain = chains[i];
      long at = chain.address(0);
      // Two lines: drivers put the header right before the frame, and the frame on a line of its
      // own.
      sum += Memory.getByte(at) + Memory.getByte(at + Math.min(chain.length(0), COPIED) - 1);
    }
    touched = sum;
    return taken;
  }

  /// What the last [#receive] ended with: [DeviceQueue#EMPTY], [DeviceQueue#MISS] or
  /// [DeviceQueue#BROKEN].
  int trouble() {
    return trouble;
  }

  /// Takes and throws away what the guest sends while the queue is disabled (vhost-user "Ring
  /// states": process without side effects).
  void discard() {
    for (int i = 0; i < DROPS_MAX; i++) {
      int result = queue.next(chains[0]);
      trouble = result;
      if (result != DeviceQueue.TAKEN) {
        return;
      }
      drop(chains[0], drops.disabled);
    }
  }

  /// The chain as a frame, null when it was dropped.
  private @Nullable Frame take(Chain chain, GuestMemory memory) {
    int bytes = chain.readableBytes();
    if (bytes < HEADER + ETHER_HEADER || chain.readablePieces() != chain.pieces()) {
      return drop(chain, bytes < HEADER + ETHER_HEADER ? drops.tooShort : drops.writable);
    }
    if (bytes > HEADER + Frame.BYTES_MAX) {
      return drop(chain, drops.tooLong);
    }
    int number = free[--freeCount];
    headOf[number] = NO_HEAD;
    Frame frame = frames[number].open(number);
    fill(chain, frame, bytes);
    if (frame.length() != bytes - HEADER) {
      frame.release();
      return drop(chain, drops.pieces);
    }
    if (!header.fromGuest(frame)) {
      frame.release();
      return drop(chain, drops.header);
    }
    headOf[number] = chain.head();
    takenFrom[number] = memory;
    memory.frameTaken();
    return frame;
  }

  private static void fill(Chain chain, Frame frame, int bytes) {
    int copied = Math.min(bytes, COPIED);
    long to = frame.base();
    int first = chain.length(0);
    int i = 0;
    int used = copied;
    if (first >= copied) {
      Memory.copy(chain.address(0), to, copied);
    } else {
      // The header and the head come in several descriptors.
      int done = 0;
      while (true) {
        used = Math.min(copied - done, chain.length(i));
        Memory.copy(chain.address(i), to + done, used);
        done += used;
        if (done == copied) {
          break;
        }
        i++;
      }
    }
    frame.headLength(copied - HEADER);
    if (bytes == copied) {
      return;
    }
    int left = chain.length(i) - used;
    if (left > 0 && !frame.addPiece(chain.address(i) + used, left)) {
      return;
    }
    for (i++; i < chain.pieces(); i++) {
      if (!frame.addPiece(chain.address(i), chain.length(i))) {
        return;
      }
    }
  }

  private @Nullable Frame drop(Chain chain, Counter reason) {
    reason.add(1);
    queue.complete(chain.head(), 0);
    return null;
  }

  @Override
  public void reclaim(Frame frame) {
    // The token is the holder's to change; the place in memory is not.
    int number = (int) ((frame.base() - own.address()) / STRIDE);
    free[freeCount++] = number;
    int head = headOf[number];
    if (head == NO_HEAD) {
      return;
    }
    if (!detached) {
      queue.complete(head, 0);
    }
    GuestMemory memory = takenFrom[number];
    takenFrom[number] = GuestMemory.NONE;
    memory.frameReleased();
    if (idle != null && freeCount == frames.length) {
      Runnable tell = idle;
      idle = null;
      tell.run();
    }
  }

  /// Runs `tell` once, when no frame is out: at once, or at the last release.
  void whenIdle(Runnable tell) {
    if (freeCount == frames.length) {
      tell.run();
    } else {
      idle = tell;
    }
  }

  /// Frames that somebody holds.
  int outstanding() {
    return frames.length - freeCount;
  }

  /// From now on the ring is not touched any more.
  void detach() {
    detached = true;
  }

  /// A frame that is out points into this native range. Looks at every frame: control path.
  boolean uses(long address, long bytes) {
    for (Frame frame : frames) {
      for (int i = 0; frame.held() && i < frame.pieces(); i++) {
        long at = frame.pieceAddress(i);
        if (at < address + bytes && address < at + frame.pieceLength(i)) {
          return true;
        }
      }
    }
    return false;
  }
}
