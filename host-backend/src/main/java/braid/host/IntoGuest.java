package braid.host;

import braid.port.Clock;
import braid.port.Frame;
import braid.port.PortCounters;
import org.jspecify.annotations.Nullable;

/// The way into the guest: frames go into the receive queue, wait for buffers in a short queue, or
/// are dropped and counted.
///
/// A large frame may need forty buffers where only thirty are there. Lost for that, it would cost
/// TCP a retransmission each time the guest is a little late; so it waits, [#room] is 0 meanwhile,
/// and who has more frames keeps them. After [#HELD_NANOS] it is dropped: a guest that has stopped
/// must not hold other guests' frames. **Thread**: the worker's.
final class IntoGuest {
  /// How long a frame waits for receive buffers before it is dropped.
  static final long HELD_NANOS = 100_000_000;

  /// How long it waits for an IOTLB update.
  static final long MISSED_NANOS = 1_000_000_000;

  private static final int HELD_MAX = 128;

  private final Clock clock;
  private final PortCounters counters;
  private final Drops drops;
  private final Runnable miss;
  private final HeldFrames held = new HeldFrames(HELD_MAX);
  private @Nullable GuestReceiveQueue queue;
  private boolean enabled;
  private int trouble = GuestReceiveQueue.DONE;

  /// @param miss run when a translation is wanted
  IntoGuest(Clock clock, PortCounters counters, Drops drops, Runnable miss) {
    this.clock = clock;
    this.counters = counters;
    this.drops = drops;
    this.miss = miss;
  }

  /// The queue was started.
  void start(GuestReceiveQueue started) {
    queue = started;
    trouble = GuestReceiveQueue.DONE;
  }

  /// The queue is stopped; what waited is dropped.
  void stop() {
    if (queue != null) {
      queue.forget();
    }
    queue = null;
    enabled = false;
    while (held.count() > 0) {
      drops.linkDown.add(1);
      held.remove().release();
    }
  }

  /// Whether frames may be given to the guest.
  void enable(boolean on) {
    enabled = on && queue != null;
  }

  /// [GuestReceiveQueue#BROKEN] when the guest broke the ring.
  int trouble() {
    return trouble;
  }

  /// Takes frames; see [braid.port.Port#send].
  void send(Frame[] frames, int count) {
    GuestReceiveQueue to = queue;
    int i = 0;
    long sent = 0;
    long bytes = 0;
    try {
      if (to != null && enabled) {
        to.warm(frames, count);
      }
      for (; i < count; i++) {
        Frame frame = frames[i];
        int length = frame.length();
        if (give(frame)) {
          sent++;
          bytes += length;
        }
      }
    } finally {
      // Only when the guest's memory went away under us: the frames are not the guest's.
      for (; i < count; i++) {
        if (frames[i].held()) {
          frames[i].release();
        }
      }
      if (sent > 0) {
        counters.txFrames.add(sent);
        counters.txBytes.add(bytes);
      }
    }
  }

  /// Gives one frame to the guest, keeps it, or drops it.
  ///
  /// @return false when it was dropped
  private boolean give(Frame frame) {
    GuestReceiveQueue to = queue;
    if (to == null || !enabled) {
      drops.linkDown.add(1);
      frame.release();
      return false;
    }
    if (held.count() > 0) {
      return hold(frame);
    }
    int result = to.put(frame);
    if (result == GuestReceiveQueue.DONE) {
      frame.release();
      return true;
    }
    if (result == GuestReceiveQueue.NO_BUFFER || result == GuestReceiveQueue.MISS) {
      if (result == GuestReceiveQueue.MISS) {
        miss.run();
      }
      return hold(frame);
    }
    refused(result);
    frame.release();
    return false;
  }

  private void refused(int result) {
    switch (result) {
      case GuestReceiveQueue.TOO_LARGE -> drops.bufferTooSmall.add(1);
      case GuestReceiveQueue.BAD_OFFLOAD -> drops.offload.add(1);
      default -> {
        drops.linkDown.add(1);
        trouble = result;
        enabled = false;
      }
    }
  }

  private boolean hold(Frame frame) {
    if (held.add(frame, clock.nanos())) {
      return true;
    }
    drops.noBuffer.add(1);
    frame.release();
    return false;
  }

  /// Tries the frames that wait, oldest first.
  private void giveHeld(GuestReceiveQueue to) {
    while (held.count() > 0 && enabled) {
      int result = to.put(held.oldest());
      if (result == GuestReceiveQueue.NO_BUFFER || result == GuestReceiveQueue.MISS) {
        boolean missed = result == GuestReceiveQueue.MISS;
        if (missed) {
          miss.run();
        }
        if (clock.nanos() - held.since() < (missed ? MISSED_NANOS : HELD_NANOS)) {
          return;
        }
        to.forget();
        drops.noBuffer.add(1);
      } else if (result != GuestReceiveQueue.DONE) {
        refused(result);
      }
      held.remove().release();
    }
  }

  /// How many frames can be given now; tries those that wait first.
  int room() {
    GuestReceiveQueue to = queue;
    if (to == null || !enabled) {
      // Nobody is there: what comes is dropped and counted, not kept for whoever comes later.
      return HELD_MAX;
    }
    if (held.count() > 0) {
      giveHeld(to);
      if (held.count() > 0) {
        return 0;
      }
    }
    return Math.min(HELD_MAX, to.queue().available());
  }

  /// Before the worker sleeps: when there is no room, the guest must kick when it adds buffers.
  ///
  /// @return true when it did so already
  boolean arm() {
    GuestReceiveQueue to = queue;
    if (to == null || !enabled) {
      return false;
    }
    if (held.count() > 0) {
      return to.queue().armForMore();
    }
    if (to.queue().available() == 0) {
      // Whether room came meanwhile is what the cable looks at next.
      to.queue().arm();
    }
    return false;
  }

  /// When a frame that waits is to be given up.
  long deadline() {
    return held.count() > 0 ? held.since() + HELD_NANOS : Long.MAX_VALUE;
  }
}
