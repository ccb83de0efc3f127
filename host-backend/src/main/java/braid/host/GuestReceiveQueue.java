package braid.host;

import braid.port.Frame;
import braid.port.Memory;
import braid.virtio.Chain;
import braid.virtio.DeviceQueue;

/// The guest's receive queue from the device's side: frames are copied into the guest's buffers.
///
/// **Theory of operation.** [#put] writes header and frame one after the other into chains. With
/// mergeable buffers it takes as many chains as the frame needs, the header in the first, and says
/// in num_buffers how many; without, all must fit into one. When the chains do not suffice, those
/// taken are given back as if never taken, and the caller keeps the frame for later. A guest
/// without GUEST_TSO gets GSO frames cut into segments; a large frame may then be half delivered
/// when buffers run out, and [#put] goes on where it stopped.
///
/// **Never**: allocation after construction, system calls. **Thread**: the worker's.
final class GuestReceiveQueue {
  /// The frame is delivered (or its last segment is).
  static final int DONE = 0;

  /// Too few buffers now: try again.
  static final int NO_BUFFER = 1;

  /// A buffer's address is not known yet: try again after the IOTLB update.
  static final int MISS = 2;

  /// The guest broke the ring.
  static final int BROKEN = 3;

  /// It will never fit.
  static final int TOO_LARGE = 4;

  /// Its offload cannot be done for this guest.
  static final int BAD_OFFLOAD = 5;

  private static final int HEADER = Frame.HEADER_BYTES;
  private static final int NUM_BUFFERS = 10;
  private static final int CHAIN_PIECES = 2 * Frame.PIECES_MAX;

  /// Bytes of a frame whose lines are touched.
  private static final int TOUCHED = 64;

  private final DeviceQueue queue;
  private final boolean mergeable;
  private final VirtioHeader header;
  private final Segmenter segmenter = new Segmenter();
  private final int[] heads;
  private final int[] written;

  // The chain with the header, and the one being written: the same for a frame of one buffer.
  private final Chain first = new Chain(CHAIN_PIECES);
  private final Chain more = new Chain(CHAIN_PIECES);
  private Chain chain = first;
  private int chains;
  private int piece;
  private int pieceDone;
  private int trouble;

  private boolean cutting;
  private Frame segment;

  /// Over a ring that has just been started.
  ///
  /// @param features what was negotiated
  GuestReceiveQueue(DeviceQueue queue, long features) {
    this.queue = queue;
    this.header = new VirtioHeader(features);
    this.mergeable = header.mergeable();
    this.heads = new int[queue.size()];
    this.written = new int[queue.size()];
    this.segment = segmenter.none();
  }

  /// The ring, for its notifications and its position.
  DeviceQueue queue() {
    return queue;
  }

  /// Makes ready for the frames that come next.
  ///
  /// The guest's buffers lie in another processor's cache, and a line takes longer to come than a
  /// frame to copy. Copying fills the processor's queue of stores with one frame after a few;
  /// touching each buffer first, with a byte for each line that a small frame covers, lets many
  /// lines come at the same time. A buffer that is touched is overwritten soon, or belongs to the
  /// device anyway.
  void warm(Frame[] frames, int count) {
    int many = Math.min(count, queue.ready());
    queue.warm(many);
    for (int i = 0; i < many; i++) {
      int bytes = HEADER + Math.min(frames[i].headLength(), TOUCHED);
      long at = queue.writableAhead(i, bytes);
      if (at != 0) {
        Memory.putByte(at, (byte) 0);
        Memory.putByte(at + bytes - 1, (byte) 0);
      }
    }
  }

  /// Delivers a frame, or as much of it as there are buffers for. The frame stays the caller's. On
  /// [#NO_BUFFER] and [#MISS] the next call must be for the same frame.
  ///
  /// @return [#DONE] or what is in the way
  int put(Frame frame) {
    if (cutting) {
      return putSegments();
    }
    int result =
        switch (header.forGuest(frame)) {
          case AS_IT_IS -> putWhole(frame);
          case CUT -> cut(frame);
          case IMPOSSIBLE -> BAD_OFFLOAD;
        };
    return result;
  }

  /// Forgets a frame that was half delivered: its holder gave up.
  void forget() {
    cutting = false;
  }

  private int cut(Frame frame) {
    if (!segmenter.start(frame, header.segmentBytes(frame))) {
      return BAD_OFFLOAD;
    }
    cutting = true;
    segment = segmenter.next();
    return putSegments();
  }

  private int putSegments() {
    while (true) {
      int result = putWhole(segment);
      if (result == NO_BUFFER || result == MISS) {
        return result;
      }
      if (result != DONE || !segmenter.more()) {
        cutting = false;
        return result;
      }
      segment = segmenter.next();
    }
  }

  private int putWhole(Frame frame) {
    chains = 0;
    if (!nextChain()) {
      return trouble;
    }
    int total = HEADER + frame.length();
    if (!mergeable && chain.writableBytes() < total) {
      queue.untake(1);
      return TOO_LARGE;
    }
    int own = HEADER + frame.headLength();
    if (chain.length(0) >= total) {
      // Nearly always: one buffer, one piece of memory.
      long to = chain.address(0);
      Memory.copy(frame.base(), to, own);
      to += own;
      for (int i = 0; i < frame.pieces(); i++) {
        Memory.copy(frame.pieceAddress(i), to, frame.pieceLength(i));
        to += frame.pieceLength(i);
      }
      queue.complete(chain.head(), total);
      return DONE;
    }
    return scatter(frame, own);
  }

  private int scatter(Frame frame, int own) {
    boolean fits = write(frame.base(), own);
    for (int i = 0; fits && i < frame.pieces(); i++) {
      fits = write(frame.pieceAddress(i), frame.pieceLength(i));
    }
    if (!fits) {
      queue.untake(chains);
      return trouble;
    }
    if (chains > 1) {
      patch(NUM_BUFFERS, chains & 0xff);
      patch(NUM_BUFFERS + 1, chains >>> 8);
    }
    for (int i = 0; i < chains; i++) {
      queue.complete(heads[i], written[i]);
    }
    return DONE;
  }

  /// Writes to where the last call ended, taking chains as they are needed.
  private boolean write(long from, int bytes) {
    long at = from;
    int left = bytes;
    while (left > 0) {
      if (piece == chain.pieces()) {
        if (!mergeable || !nextChain()) {
          return false;
        }
      }
      int here = Math.min(left, chain.length(piece) - pieceDone);
      Memory.copy(at, chain.address(piece) + pieceDone, here);
      at += here;
      left -= here;
      pieceDone += here;
      written[chains - 1] += here;
      if (pieceDone == chain.length(piece)) {
        piece++;
        pieceDone = 0;
      }
    }
    return true;
  }

  /// Writes one byte of the header that is already in the first chain.
  private void patch(int offset, int value) {
    int at = offset;
    int i = 0;
    while (at >= first.length(i)) {
      at -= first.length(i);
      i++;
    }
    Memory.putByte(first.address(i) + at, (byte) value);
  }

  private boolean nextChain() {
    if (chains == heads.length) {
      trouble = NO_BUFFER;
      return false;
    }
    chain = chains == 0 ? first : more;
    int result = queue.next(chain);
    if (result != DeviceQueue.TAKEN) {
      trouble =
          switch (result) {
            case DeviceQueue.EMPTY -> NO_BUFFER;
            case DeviceQueue.MISS -> MISS;
            default -> BROKEN;
          };
      return false;
    }
    heads[chains] = chain.head();
    written[chains] = 0;
    chains++;
    piece = 0;
    pieceDone = 0;
    // A receive buffer is for the device to write, and the first one holds the whole header
    // (VIRTIO 1.3, 5.1.6.3.1).
    if (chain.readablePieces() > 0 || (chains == 1 && chain.writableBytes() < HEADER)) {
      queue.untake(1);
      chains--;
      trouble = BROKEN;
      return false;
    }
    return true;
  }
}
