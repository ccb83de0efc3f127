package braid.tck;

import braid.kernel.EventFd;
import braid.kernel.Fd;
import braid.kernel.Mapping;
import braid.kernel.MemFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// A front-end and a virtio-net driver in one: one memory file, two rings, frames. It does all by
/// the book; a case takes it to the step it needs and goes on by itself.
///
/// ```
///  file      0x000000 receive ring   0x004000 transmit ring   0x008000 scratch (indirect tables)
///            0x100000 receive buffers, 256 x 2048             0x200000 transmit buffers
///  guest     the same + 0x100000;   front-end (user) address: the same + 0x7000_0000_0000
/// ```
/// One thread.
final class Guest implements AutoCloseable {
  static final int RX = 0;
  static final int TX = 1;
  static final long BYTES = 0x300000;
  static final long SCRATCH = 0x8000;
  static final long RX_BUFFERS = 0x100000;
  static final long TX_BUFFERS = 0x200000;
  static final int BUFFER_BYTES = 2048;
  static final long GUEST_BASE = 0x100000;
  static final long USER_BASE = 0x7000_0000_0000L;

  static final long F_MRG_RXBUF = 1L << 15;
  static final long F_INDIRECT = 1L << 28;
  static final long F_PROTOCOL = 1L << 30;
  static final long F_VERSION_1 = 1L << 32;
  static final long F_ACCESS_PLATFORM = 1L << 33;
  static final long P_REPLY_ACK = 1L << 3;
  static final long P_BACKEND_REQ = 1L << 5;

  static final int NET_HEADER_BYTES = 12;

  /// Least frame that every port passes on.
  static final int FRAME_BYTES = 64;

  /// How long a kick may take to show something before the ring counts as stopped. No verdict
  /// depends on it: a late reaction is as good as one.
  private static final long REACTION_MILLIS = 800;

  private static final int WINDOW = 32;
  private static final long PAUSE_NANOS = 50_000;

  private final Subject subject;
  private final FrontEnd link;
  private final MemFd file;
  private final Mapping mapping;
  private final GuestRing[] rings = new GuestRing[2];
  private final EventFd[] kicks = {EventFd.create(), EventFd.create()};
  private final EventFd[] calls = {EventFd.create(), EventFd.create()};
  private long features;
  private long protocol;
  private long sent;
  private long seen;

  private Guest(Subject subject) {
    this.subject = subject;
    this.link = new FrontEnd(subject);
    // Not sealed: some cases shrink it.
    this.file = MemFd.createUnsealed("braid-tck-guest", BYTES);
    this.mapping = file.map();
    for (int i = 0; i < rings.length; i++) {
      rings[i] = new GuestRing(memory().asSlice((long) i * GuestRing.BYTES, GuestRing.BYTES));
    }
  }

  /// Connected, nothing said.
  static Guest connected(Subject subject) {
    return new Guest(subject);
  }

  /// Features agreed on, no memory yet.
  static Guest negotiated(Subject subject) {
    return negotiated(subject, F_MRG_RXBUF | F_INDIRECT, 0);
  }

  static Guest negotiated(Subject subject, long wanted, long wantedProtocol) {
    Guest guest = new Guest(subject);
    try {
      guest.negotiate(wanted, wantedProtocol);
      return guest;
    } catch (RuntimeException e) {
      guest.close();
      throw e;
    }
  }

  /// Memory handed over, rings not set up.
  static Guest withMemory(Subject subject) {
    Guest guest = negotiated(subject);
    guest.shareMemory();
    return guest;
  }

  /// All set up, receive buffers offered, both rings enabled.
  static Guest ready(Subject subject) {
    Guest guest = withMemory(subject);
    guest.startRings();
    return guest;
  }

  private void negotiate(long wanted, long wantedProtocol) {
    long offered = link.get(FrontEnd.GET_FEATURES);
    if ((offered & F_PROTOCOL) == 0) {
      throw new IllegalStateException("PROTOCOL_FEATURES is not offered");
    }
    protocol = link.get(FrontEnd.GET_PROTOCOL_FEATURES) & (P_REPLY_ACK | wantedProtocol);
    link.send(FrontEnd.SET_PROTOCOL_FEATURES, new Bytes().u64(protocol).done());
    // Some features depend on protocol features: what counts is what is offered now.
    offered = link.get(FrontEnd.GET_FEATURES);
    features = (wanted | F_VERSION_1 | F_PROTOCOL) & offered;
    if ((features & F_VERSION_1) == 0) {
      throw new IllegalStateException("VERSION_1 is not offered");
    }
    if ((protocol & P_REPLY_ACK) == 0) {
      throw new IllegalStateException("REPLY_ACK is not offered");
    }
    must(FrontEnd.SET_OWNER, new byte[0]);
    must(FrontEnd.SET_FEATURES, new Bytes().u64(features).done());
  }

  /// Sends a request that the back-end has to accept.
  void must(int request, byte[] payload, Fd... fds) {
    Outcome outcome = link.ask(request, payload, fds);
    if (outcome != Outcome.BORNE) {
      throw new IllegalStateException("request " + request + " came to " + outcome);
    }
  }

  void shareMemory() {
    must(FrontEnd.SET_MEM_TABLE, memoryTable(), file.fd());
  }

  /// The payload of SET_MEM_TABLE for the whole file as one region.
  static byte[] memoryTable() {
    return new Bytes().u32(1).u32(0).u64(GUEST_BASE).u64(BYTES).u64(USER_BASE).u64(0).done();
  }

  void startRings() {
    startRings(
        guest -> {
          GuestRing rx = guest.ring(RX);
          for (int i = 0; i < GuestRing.SIZE; i++) {
            rx.desc(i, guestAddress(rxBuffer(i)), BUFFER_BYTES, GuestRing.WRITE, 0);
            rx.offer(i);
          }
          rx.publish();
        });
  }

  /// Sets both rings up and enables them.
  ///
  /// @param fill offers receive buffers, before the ring is enabled
  void startRings(Consumer<Guest> fill) {
    for (int i = 0; i < rings.length; i++) {
      must(FrontEnd.SET_VRING_NUM, new Bytes().u32(i).u32(GuestRing.SIZE).done());
      must(FrontEnd.SET_VRING_BASE, new Bytes().u32(i).u32(0).done());
      must(FrontEnd.SET_VRING_ADDR, ringAddresses(i));
      must(FrontEnd.SET_VRING_CALL, new Bytes().u64(i).done(), calls[i].fd());
      must(FrontEnd.SET_VRING_KICK, new Bytes().u64(i).done(), kicks[i].fd());
    }
    fill.accept(this);
    for (int i = 0; i < rings.length; i++) {
      must(FrontEnd.SET_VRING_ENABLE, new Bytes().u32(i).u32(1).done());
    }
    kick(RX);
  }

  /// Stops a ring and starts it again where it stopped.
  void restart(int ring) {
    link.send(FrontEnd.GET_VRING_BASE, new Bytes().u32(ring).u32(0).done());
    FrontEnd.Message answer = link.receive();
    if (answer == null || answer.size() != 8) {
      throw new IllegalStateException("no answer to GET_VRING_BASE of ring " + ring);
    }
    long base = answer.u64() >>> 32;
    must(FrontEnd.SET_VRING_NUM, new Bytes().u32(ring).u32(GuestRing.SIZE).done());
    must(FrontEnd.SET_VRING_BASE, new Bytes().u32(ring).u32(base).done());
    must(FrontEnd.SET_VRING_ADDR, ringAddresses(ring));
    must(FrontEnd.SET_VRING_CALL, new Bytes().u64(ring).done(), calls[ring].fd());
    must(FrontEnd.SET_VRING_KICK, new Bytes().u64(ring).done(), kicks[ring].fd());
    must(FrontEnd.SET_VRING_ENABLE, new Bytes().u32(ring).u32(1).done());
    kick(ring);
  }

  /// The payload of SET_VRING_ADDR.
  static byte[] ringAddresses(int ring) {
    long base = USER_BASE + (long) ring * GuestRing.BYTES;
    return ringAddresses(
        ring, base + GuestRing.DESC, base + GuestRing.USED, base + GuestRing.AVAIL);
  }

  static byte[] ringAddresses(int ring, long desc, long used, long avail) {
    return new Bytes().u32(ring).u32(0).u64(desc).u64(used).u64(avail).u64(0).done();
  }

  static long rxBuffer(int i) {
    return RX_BUFFERS + (long) i * BUFFER_BYTES;
  }

  static long txBuffer(int i) {
    return TX_BUFFERS + (long) i * BUFFER_BYTES;
  }

  /// The guest's own address of a place in the file.
  static long guestAddress(long offset) {
    return GUEST_BASE + offset;
  }

  Subject subject() {
    return subject;
  }

  FrontEnd link() {
    return link;
  }

  GuestRing ring(int i) {
    return rings[i];
  }

  MemFd file() {
    return file;
  }

  MemorySegment memory() {
    return mapping.segment();
  }

  EventFd call(int ring) {
    return calls[ring];
  }

  /// Negotiated: all of `bits`.
  boolean has(long bits) {
    return (features & bits) == bits;
  }

  boolean hasProtocol(long bits) {
    return (protocol & bits) == bits;
  }

  void kick(int ring) {
    kicks[ring].signal();
  }

  /// Writes a header of zeros and a frame with a number into transmit buffer `slot`.
  ///
  /// @return bytes
  int frame(int slot, long number) {
    MemorySegment buffer = memory().asSlice(txBuffer(slot), BUFFER_BYTES);
    int bytes = NET_HEADER_BYTES + FRAME_BYTES + (int) (number % 1400);
    buffer.asSlice(0, bytes).fill((byte) 0);
    // Broadcast from a locally administered address; ethertype for local experiments.
    buffer.set(ValueLayout.JAVA_LONG_UNALIGNED, NET_HEADER_BYTES, 0x0002_ffff_ffff_ffffL);
    buffer.set(ValueLayout.JAVA_SHORT_UNALIGNED, NET_HEADER_BYTES + 12, (short) 0xb588);
    buffer.set(ValueLayout.JAVA_LONG_UNALIGNED, NET_HEADER_BYTES + 16, number);
    buffer.set(ValueLayout.JAVA_LONG_UNALIGNED, bytes - 8L, ~number);
    return bytes;
  }

  /// Sends `count` frames; every one must be completed and, if the subject echoes, come back in
  /// order and unchanged.
  ///
  /// @throws IllegalStateException when one is lost, changed or late beyond patience
  void exchange(int count) {
    long goal = sent + count;
    int inFlight = 0;
    long idle = System.nanoTime();
    while (seen < goal || inFlight > 0) {
      boolean moved = false;
      while (sent < goal && sent - seen < WINDOW && inFlight < WINDOW) {
        int slot = (int) (sent & (GuestRing.SIZE - 1));
        rings[TX].desc(slot, guestAddress(txBuffer(slot)), frame(slot, sent), 0, 0);
        rings[TX].offer(slot);
        sent++;
        inFlight++;
        moved = true;
      }
      if (moved) {
        rings[TX].publish();
        kick(TX);
      }
      while (rings[TX].returned() > 0) {
        rings[TX].take();
        inFlight--;
        moved = true;
        if (!subject.echo()) {
          seen++;
        }
      }
      moved |= takeEchoes();
      if (moved) {
        idle = System.nanoTime();
      } else if (System.nanoTime() - idle > subject.patienceMillis() * 1_000_000L) {
        throw new IllegalStateException(
            "no progress: "
                + sent
                + " frames sent, "
                + seen
                + " back, "
                + inFlight
                + " not completed"
                + (link.endedNow() ? ", session ended" : ""));
      } else {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private boolean takeEchoes() {
    boolean any = false;
    while (subject.echo() && rings[RX].returned() > 0) {
      long used = rings[RX].take();
      int slot = (int) used;
      check(memory().asSlice(rxBuffer(slot), BUFFER_BYTES), (int) (used >>> 32));
      seen++;
      rings[RX].offer(slot);
      any = true;
    }
    if (any) {
      rings[RX].publish();
      kick(RX);
    }
    return any;
  }

  private void check(MemorySegment buffer, int bytes) {
    long number = buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, NET_HEADER_BYTES + 16);
    int wanted = NET_HEADER_BYTES + FRAME_BYTES + (int) (seen % 1400);
    int buffers = buffer.get(ValueLayout.JAVA_SHORT_UNALIGNED, 10);
    if (number != seen
        || bytes != wanted
        || buffers != 1
        || buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, bytes - 8L) != ~number) {
      throw new IllegalStateException(
          "wanted frame "
              + seen
              + " of "
              + wanted
              + " bytes, got "
              + number
              + " of "
              + bytes
              + " bytes in "
              + buffers
              + " buffers");
    }
  }

  /// Frames that came back (or, without echo, were completed).
  long seen() {
    return seen;
  }

  /// After something was done to a ring: kicks and waits for what the back-end makes of it.
  ///
  /// @param ring   which
  /// @param chains how many chains were offered badly
  /// @return [Outcome#ENDED]; [Outcome#DROPPED] when that many chains came back and the ring still
  ///     works; [Outcome#STOPPED]
  Outcome afterRing(int ring, int chains) {
    kick(ring);
    long deadline =
        System.nanoTime() + Math.min(subject.patienceMillis(), REACTION_MILLIS) * 1_000_000L;
    while (System.nanoTime() < deadline) {
      if (link.endedNow()) {
        return Outcome.ENDED;
      }
      if (chains > 0 && rings[ring].returned() >= chains) {
        return Outcome.DROPPED;
      }
    }
    return Outcome.STOPPED;
  }

  @Override
  public void close() {
    link.close();
    mapping.close();
    file.close();
    for (int i = 0; i < kicks.length; i++) {
      kicks[i].close();
      calls[i].close();
    }
  }
}
