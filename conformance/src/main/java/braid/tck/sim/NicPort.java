package braid.tck.sim;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A NIC as one process sees it, in the manner of a TAP: frames are released when the card has sent
/// them, in order; what the card holds nobody can take back.
final class NicPort implements Port {
  private static final int RING = 64;
  private static final int POOL = 256;
  private static final int FRAME_BYTES = 1024;

  private final Nic nic;
  private final Host host;
  private final Book book;
  private final FramePool pool;
  private final PortCounters counters = new PortCounters();
  private final Counter dropFull = counters.counter("tx_drop_full");

  /// What the card holds, oldest first: those it is done with, then those it is to send.
  private final @Nullable Frame[] ring = new Frame[RING];

  private int first;
  private int held;
  private int done;
  private boolean open = true;
  private LinkState link = LinkState.DOWN;

  /// @param book told of what goes out, and of what is lost in the card
  NicPort(Nic nic, Host host, Arena arena, Book book) {
    this.nic = nic;
    this.host = host;
    this.book = book;
    this.pool =
        new FramePool(arena.allocate(FramePool.bytesFor(POOL, FRAME_BYTES), 64), FRAME_BYTES, 0);
    nic.user(this);
  }

  @Override
  public String name() {
    return nic.name();
  }

  void wake() {
    host.wake();
  }

  /// What the process was told of the carrier.
  void link(LinkState state) {
    link = state;
  }

  @Override
  public int receive(Frame[] into, int max) {
    reap();
    int count = 0;
    while (count < max && nic.waiting()) {
      Frame frame = pool.take();
      if (frame == null) {
        break;
      }
      byte[] bytes = nic.take();
      if (bytes != null) {
        frame.write(bytes);
        into[count++] = frame;
      }
    }
    counters.rxFrames.add(count);
    return count;
  }

  @Override
  public void send(Frame[] frames, int count) {
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      if (held == RING) {
        dropFull.add(1);
        frame.release();
      } else {
        ring[(first + held++) % RING] = frame;
        counters.txFrames.add(1);
        nic.transmit(this, frame.length());
      }
    }
  }

  /// The card is done with the next frame of the ring.
  ///
  /// @param sent it is on the wire; else it is lost
  void transmitted(boolean sent) {
    if (!open) {
      return;
    }
    Frame frame = Objects.requireNonNull(ring[(first + done++) % RING]);
    book.leaves(frame, nic, sent);
    if (sent) {
      nic.wire(frame.toBytes());
    }
    host.wake();
  }

  private void reap() {
    while (done > 0) {
      done--;
      pull().release();
    }
  }

  private Frame pull() {
    Frame frame = Objects.requireNonNull(ring[first]);
    ring[first] = null;
    first = (first + 1) % RING;
    held--;
    return frame;
  }

  @Override
  public int room() {
    reap();
    return RING - held;
  }

  @Override
  public int pending() {
    return held - done;
  }

  @Override
  public void flush() {}

  @Override
  public LinkState link() {
    return link;
  }

  @Override
  public boolean arm() {
    return done > 0 || (nic.waiting() && pool.available() > 0);
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  /// The process is gone, or closes it.
  void close() {
    open = false;
    nic.user(null);
    done = 0;
    while (held > 0) {
      pull().release();
    }
  }

  boolean balanced() {
    return pool.balanced();
  }
}
