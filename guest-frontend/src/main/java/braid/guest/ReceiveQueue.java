package braid.guest;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FrameSource;
import braid.port.Memory;
import braid.port.PortCounters;
import braid.virtio.DriverQueue;
import braid.virtio.Feature;
import braid.virtio.NetHeader;
import org.jspecify.annotations.Nullable;

/// The receive half of a [VirtioNetPort]: a fixed set of buffers that go round between the device
/// and whoever holds the frames in them.
///
/// **Theory of operation.** Each buffer has one [Frame] over it for good. The device fills the
/// buffer: virtio_net_hdr first, the frame after it, just as a [Frame] is laid out, so nothing is
/// copied. With MRG_RXBUF a long frame fills several buffers (VIRTIO 1.3, 5.1.6.4): the first
/// becomes the frame, the rest become its pieces.
///
/// ```
///   buffer:  IDLE ──post──► DEVICE ──received──► HELD ──released──► IDLE
/// ```
/// Buffers of a merged frame hang together in `follower` until the first is released.
///
/// **Trust.** Lengths, ids and num_buffers come from the device. [DriverQueue] checks the first
/// two; num_buffers is read once and checked here, against the limit and against what has arrived,
/// since a device uses all buffers of a frame at once.
///
/// **Thread**: the port's worker. **Never** here: allocation after construction, exceptions.
final class ReceiveQueue implements FrameSource {
  /// [#receive]: the device broke the rules.
  static final int BROKEN = -1;

  /// Bytes of a buffer: 17 of them hold a 64 KiB frame with its header.
  static final int BUFFER_BYTES = 4096;

  /// Most buffers of one frame: 65550 and 12 bytes in buffers of 4096.
  static final int BUFFERS_PER_FRAME_MAX = 17;

  private static final int ETHERNET_HEADER_BYTES = 14;
  private static final int NONE = -1;

  private static final byte IDLE = 0;
  private static final byte DEVICE = 1;
  private static final byte HELD = 2;

  private final Frame[] frames;
  private final byte[] state;
  private final int[] follower;
  private final int[] idle;
  private int idleCount;
  private int held;
  private int taken;

  private final Counter rxFrames;
  private final Counter rxBytes;
  private final Counter dropShort;
  private final Counter dropMerge;
  private final Counter dropHeader;

  private @Nullable DriverQueue queue;
  private long delta;
  private boolean merge;
  private long features;

  /// Lays out the buffers in `memory`.
  ReceiveQueue(DmaMemory memory, int buffers, PortCounters counters) {
    frames = new Frame[buffers];
    state = new byte[buffers];
    follower = new int[buffers];
    idle = new int[buffers];
    long base = memory.take((long) buffers * BUFFER_BYTES, BUFFER_BYTES).address();
    for (int i = 0; i < buffers; i++) {
      frames[i] =
          new Frame(this, base + (long) i * BUFFER_BYTES, BUFFER_BYTES, BUFFERS_PER_FRAME_MAX - 1);
      follower[i] = NONE;
      idle[idleCount++] = buffers - 1 - i;
    }
    rxFrames = counters.rxFrames;
    rxBytes = counters.rxBytes;
    dropShort = counters.counter("rx_drop_short");
    dropMerge = counters.counter("rx_drop_merge");
    dropHeader = counters.counter("rx_drop_header");
  }

  /// Works on a new, empty ring from now on.
  ///
  /// @param deviceDelta what to add to a native address for the device
  /// @param negotiated  feature bits in use
  void attach(DriverQueue fresh, long deviceDelta, long negotiated) {
    queue = fresh;
    delta = deviceDelta;
    features = negotiated;
    merge = Feature.MRG_RXBUF.in(negotiated);
  }

  /// The device was reset or is gone: its buffers are ours again. Frames that are held come back
  /// by themselves.
  void detach() {
    queue = null;
    for (int i = 0; i < state.length; i++) {
      if (state[i] == DEVICE) {
        state[i] = IDLE;
        idle[idleCount++] = i;
      }
    }
  }

  /// Gives all idle buffers to the device; [DriverQueue#publish] is the caller's.
  void post() {
    DriverQueue ring = queue;
    if (ring == null) {
      return;
    }
    while (idleCount > 0) {
      int buffer = idle[idleCount - 1];
      if (ring.addWritable(frames[buffer].base() + delta, BUFFER_BYTES, buffer)
          == DriverQueue.FULL) {
        return;
      }
      idleCount--;
      state[buffer] = DEVICE;
    }
  }

  /// Takes up to `max` frames.
  ///
  /// @return how many, or [#BROKEN] (frames taken before are then in `into[0..taken())`)
  int receive(Frame[] into, int max) {
    DriverQueue ring = queue;
    int count = 0;
    int bytes = 0;
    boolean broken = false;
    while (ring != null && count < max) {
      int result = ring.poll();
      if (result != DriverQueue.TAKEN) {
        broken = result == DriverQueue.BROKEN;
        break;
      }
      Frame frame = first(ring);
      if (frame == null) {
        continue;
      }
      if (merge && !gather(ring, frame)) {
        frame.release();
        dropMerge.add(1);
        broken = true;
        break;
      }
      if (!sound(frame)) {
        frame.release();
        dropHeader.add(1);
        continue;
      }
      bytes += frame.length();
      into[count++] = frame;
    }
    if (count > 0) {
      rxFrames.add(count);
      rxBytes.add(bytes);
    }
    taken = count;
    return broken ? BROKEN : count;
  }

  /// Frames that the last [#receive] took.
  int taken() {
    return taken;
  }

  /// Opens the frame over the buffer that just came back.
  ///
  /// @return null when it is no frame and was dropped
  private @Nullable Frame first(DriverQueue ring) {
    int buffer = ring.usedToken();
    int written = ring.usedWritten();
    if (written < Frame.HEADER_BYTES + ETHERNET_HEADER_BYTES) {
      dropShort.add(1);
      state[buffer] = IDLE;
      idle[idleCount++] = buffer;
      return null;
    }
    state[buffer] = HELD;
    held++;
    Frame frame = frames[buffer].open(buffer);
    frame.headLength(written - Frame.HEADER_BYTES);
    return frame;
  }

  /// Adds the further buffers of a merged frame.
  ///
  /// @return false when the device did not do as num_buffers says
  private boolean gather(DriverQueue ring, Frame frame) {
    // The device could change it after we looked: read once.
    int buffers = Memory.getShort(frame.base() + NetHeader.NUM_BUFFERS) & 0xffff;
    if (buffers == 1) {
      return true;
    }
    if (buffers == 0 || buffers > BUFFERS_PER_FRAME_MAX) {
      return false;
    }
    int last = bufferOf(frame);
    for (int i = 1; i < buffers; i++) {
      if (ring.poll() != DriverQueue.TAKEN) {
        return false;
      }
      int buffer = ring.usedToken();
      state[buffer] = HELD;
      held++;
      follower[last] = buffer;
      last = buffer;
      int written = ring.usedWritten();
      if (written == 0) {
        return false;
      }
      frame.addPiece(frames[buffer].base(), written);
    }
    return true;
  }

  /// The header asks for nothing that was not negotiated or makes no sense. Says "one buffer" from
  /// now on, as a [Frame] does.
  private boolean sound(Frame frame) {
    long header = frame.base();
    Memory.putShort(header + NetHeader.NUM_BUFFERS, (short) 1);
    return NetHeader.checkReceived(
            Memory.getLong(header), Memory.getInt(header + 8), frame.length(), 1, features)
        == NetHeader.Fault.NONE;
  }

  /// Which buffer a frame lies in: by address, since the token is the holder's to change.
  private int bufferOf(Frame frame) {
    return (int) ((frame.base() - frames[0].base()) / BUFFER_BYTES);
  }

  @Override
  public void reclaim(Frame frame) {
    int buffer = bufferOf(frame);
    while (buffer != NONE) {
      int following = follower[buffer];
      follower[buffer] = NONE;
      state[buffer] = IDLE;
      idle[idleCount++] = buffer;
      held--;
      buffer = following;
    }
  }

  /// Buffers in frames that somebody holds.
  int held() {
    return held;
  }
}
