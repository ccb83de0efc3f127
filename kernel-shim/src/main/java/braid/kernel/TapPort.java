package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.iovec;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Memory;
import braid.port.Port;
import braid.port.PortCounters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A TAP as a port: frames for the kernel go in, frames of the kernel come out, with their
/// virtio_net_hdr and never cut.
///
/// **Out of the kernel.** While the TAP has frames, [#receive] reads them one by one straight into
/// frames of its pool. The first read that finds nothing puts a one-shot poll into the io_uring,
/// and until it completes no call is made at all. This is cheaper than reads parked in the ring:
/// one arriving frame would wake all of them, for one to succeed; and it keeps the order on kernels
/// that finish parked reads on helper threads.
///
/// **Into the kernel.** [#send] queues one write for each frame, all of them submitted by the
/// worker in one system call. A frame's pieces stay where they are, in the guest's pages: the
/// kernel copies them once into its own buffer. Frames are released in the order in which they were
/// sent, each when the kernel has taken it.
///
/// **Thread**: the worker's of the ring. **Ownership**: the memory of received frames is the
/// caller's and outlives this; the TAP is closed with this.
public final class TapPort implements Port, AutoCloseable {
  /// Memory of one received frame: header and the longest frame.
  public static final int FRAME_BYTES = Frame.HEADER_BYTES + Frame.BYTES_MAX;

  /// Most frames on their way into the kernel.
  static final int WRITES_MAX = 256;

  private static final int VECTORS = 1 + Frame.PIECES_MAX;
  private static final long VECTOR_BYTES = iovec.sizeof();
  private static final long WRITE_BYTES = VECTORS * VECTOR_BYTES;
  private static final long BASE = iovec.iov_base$offset();
  private static final long LENGTH = iovec.iov_len$offset();

  /// How soon we look again when all frames of the pool are out and the TAP has more.
  private static final long STARVED_NANOS = 1_000_000;

  /// How long [#drain] waits at a time, and how often.
  private static final long DRAIN_NANOS = 10_000_000;

  private static final int DRAIN_WAITS = 500;

  private static final System.Logger LOG = System.getLogger(TapPort.class.getName());

  private final String name;
  private final IoUring ring;
  private final Clock clock;
  private final FramePool pool;
  private final PortCounters counters = new PortCounters();
  private final Counter rxStarved = counters.counter("rx_starved");
  private final Counter dropFull = counters.counter("tx_drop_full");
  private final Counter dropBusy = counters.counter("tx_drop_busy");
  private final Counter dropDown = counters.counter("tx_drop_interface_down");
  private final Counter dropHeader = counters.counter("tx_drop_header_invalid");
  private final Counter dropError = counters.counter("tx_drop_error");

  private final MemorySegment vectors =
      Arena.ofAuto().allocate(WRITES_MAX * WRITE_BYTES, Long.BYTES);
  private final Write[] writes = new Write[WRITES_MAX];

  /// Writes so far; the next one uses slot `queued % WRITES_MAX`.
  private long queued;

  /// Writes whose frames were released.
  private long released;

  private Tap tap;
  private LinkState link = LinkState.UP;

  /// The TAP may have frames: nobody has seen it empty since it last reported some.
  private boolean readable = true;

  /// The interface was deleted under us.
  private boolean gone;

  /// A poll is in the ring.
  private long polling = IoUring.NONE;

  private final IoUring.Completion onPolled = (result, _) -> polled(result);
  private boolean starved;

  /// A port over `tap`, which is closed with it.
  ///
  /// @param name   the port's
  /// @param ring   of the worker that owns this port
  /// @param clock  the worker's
  /// @param memory of [#memoryFor] bytes at least, for received frames; native, 8-byte aligned
  public TapPort(String name, Tap tap, IoUring ring, Clock clock, MemorySegment memory) {
    this.name = name;
    this.tap = tap;
    this.ring = ring;
    this.clock = clock;
    this.pool = new FramePool(memory, FRAME_BYTES, 0);
    for (int i = 0; i < WRITES_MAX; i++) {
      writes[i] = new Write(vectors.address() + i * WRITE_BYTES);
    }
  }

  /// Bytes of memory for `frames` received frames that are out at the same time.
  public static long memoryFor(int frames) {
    return FramePool.bytesFor(frames, FRAME_BYTES);
  }

  @Override
  public String name() {
    return name;
  }

  // Out of the kernel

  @Override
  public int receive(Frame[] into, int max) {
    int count = 0;
    while (readable && count < max) {
      Frame frame = pool.take();
      if (frame == null) {
        rxStarved.add(1);
        break;
      }
      long bytes = Linux.read(tap.fd().number(), frame.base(), FRAME_BYTES);
      if (bytes > Frame.HEADER_BYTES) {
        // The kernel leaves num_buffers, which only a ring needs, as it was.
        Memory.putShort(frame.base() + 10, (short) 1);
        frame.headLength((int) bytes - Frame.HEADER_BYTES);
        counters.rxFrames.add(1);
        counters.rxBytes.add(bytes - Frame.HEADER_BYTES);
        into[count++] = frame;
      } else {
        frame.release();
        noFrame(bytes);
      }
    }
    pollAgain();
    return count;
  }

  private void noFrame(long result) {
    if (result == -Sys.EAGAIN()) {
      readable = false;
    } else if (result < 0 && result != -Sys.EINTR()) {
      readable = false;
      gone = true;
      link = LinkState.DOWN;
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} is gone: read failed with {1}",
          tap,
          Linux.errorName((int) -result));
    }
  }

  private void pollAgain() {
    if (!readable && !gone && polling == IoUring.NONE) {
      polling = ring.poll(tap.fd(), Sys.POLLIN(), false, onPolled);
    }
  }

  private void polled(int result) {
    polling = IoUring.NONE;
    // An error is for the next read to find.
    readable = result != -Sys.ECANCELED();
  }

  @Override
  public boolean arm() {
    pollAgain();
    starved = readable && pool.available() == 0;
    if (gone || starved) {
      return false;
    }
    return readable || polling == IoUring.NONE;
  }

  /// Frames of the pool come back without a sign; so look again soon when the TAP waits for one.
  @Override
  public long deadline() {
    return starved ? clock.nanos() + STARVED_NANOS : Long.MAX_VALUE;
  }

  // Into the kernel

  @Override
  public void send(Frame[] frames, int count) {
    for (int i = 0; i < count; i++) {
      send(frames[i]);
    }
  }

  private void send(Frame frame) {
    Write write = writes[(int) (queued % WRITES_MAX)];
    if (inFlight() == WRITES_MAX || !write.start(frame)) {
      dropFull.add(1);
      frame.release();
      return;
    }
    queued++;
  }

  @Override
  public int room() {
    return Math.min(WRITES_MAX - inFlight(), ring.available());
  }

  /// Nothing to do: the worker submits for all ports at once.
  @Override
  public void flush() {}

  /// Frames that were sent and are not released yet.
  public int inFlight() {
    return (int) (queued - released);
  }

  /// Received frames that somebody still holds: while there are any, the memory must stay.
  public int outstanding() {
    return pool.size() - pool.available();
  }

  /// What [#send] accepted and the kernel has not taken.
  @Override
  public int pending() {
    return inFlight();
  }

  /// Waits until the kernel has taken every frame, so that memory that they lie in may go.
  ///
  /// @throws LinuxException ETIME when it does not
  public void drain() {
    for (int i = 0; i < DRAIN_WAITS && inFlight() > 0; i++) {
      ring.await(DRAIN_NANOS);
    }
    if (inFlight() > 0) {
      throw new LinuxException("io_uring_enter", Sys.ETIME(), "write the last frames to " + tap);
    }
  }

  private void releaseInOrder() {
    while (released < queued) {
      Write oldest = writes[(int) (released % WRITES_MAX)];
      if (!oldest.done) {
        return;
      }
      released++;
      oldest.release();
    }
  }

  private void count(Frame frame, int result) {
    if (result > 0) {
      counters.txFrames.add(1);
      counters.txBytes.add(frame.length());
    } else if (result == -Sys.EAGAIN() || result == -Sys.ENOBUFS() || result == -Sys.ENOMEM()) {
      dropBusy.add(1);
    } else if (result == -Sys.EIO()) {
      dropDown.add(1);
    } else if (result == -Sys.EINVAL()) {
      dropHeader.add(1);
    } else {
      dropError.add(1);
    }
  }

  // State

  @Override
  public LinkState link() {
    return link;
  }

  /// Says what is known of the wire behind the TAP; a command on the worker.
  public void setLink(LinkState state) {
    link = gone ? LinkState.DOWN : state;
  }

  /// The interface was deleted: only [#attach] brings the port back.
  public boolean gone() {
    return gone;
  }

  /// Goes on with another TAP, for instance after the old interface was deleted, and closes the
  /// old one; a command on the worker. The link is up afterwards.
  public void attach(Tap other) {
    detach();
    tap = other;
    gone = false;
    readable = true;
    link = LinkState.UP;
  }

  /// The TAP behind this port.
  public Tap tap() {
    return tap;
  }

  private void detach() {
    ring.cancel(polling);
    for (int i = 0; i < DRAIN_WAITS && polling != IoUring.NONE; i++) {
      ring.await(DRAIN_NANOS);
    }
    drain();
    tap.close();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  /// Ends what is in flight and closes the TAP; frames that were received stay usable. The worker's
  /// thread, or any after the worker's end.
  @Override
  public void close() {
    gone = true;
    readable = false;
    link = LinkState.DOWN;
    detach();
  }

  /// One frame on its way into the kernel, with its place for iovecs.
  private final class Write implements IoUring.Completion {
    private final long vector;
    private @Nullable Frame frame;
    private boolean done;

    Write(long vector) {
      this.vector = vector;
    }

    boolean start(Frame next) {
      int head = Frame.HEADER_BYTES + next.headLength();
      int pieces = next.pieces();
      long operation;
      if (pieces == 0) {
        operation = ring.write(tap.fd(), next.base(), head, this);
      } else {
        put(0, next.base(), head);
        for (int i = 0; i < pieces; i++) {
          put(i + 1, next.pieceAddress(i), next.pieceLength(i));
        }
        operation = ring.writev(tap.fd(), vector, 1 + pieces, this);
      }
      if (operation == IoUring.NONE) {
        return false;
      }
      frame = next;
      done = false;
      return true;
    }

    private void put(int index, long address, int length) {
      long at = vector + index * VECTOR_BYTES;
      Memory.putLong(at + BASE, address);
      Memory.putLong(at + LENGTH, length);
    }

    @Override
    public void complete(int result, int flags) {
      count(Objects.requireNonNull(frame), result);
      done = true;
      releaseInOrder();
    }

    void release() {
      Frame sent = Objects.requireNonNull(frame);
      frame = null;
      sent.release();
    }
  }
}
