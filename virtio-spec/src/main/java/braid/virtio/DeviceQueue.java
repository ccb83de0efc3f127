package braid.virtio;

import static braid.virtio.SplitRing.FLAGS;
import static braid.virtio.SplitRing.IDX;
import static braid.virtio.SplitRing.NO_NOTIFICATION;
import static braid.virtio.SplitRing.RING;
import static braid.virtio.SplitRing.U64_UNALIGNED;
import static braid.virtio.SplitRing.USED_BYTES;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The device half of a split virtqueue: takes the chains a driver offers and gives them back used.
///
/// **Theory of operation.** Three free-running 16-bit positions, oldest first:
/// ```
///   oldest            next              seen             (the driver's idx)
///     │  taken, not     │  offered, not   │  offered, not    │
///     │  given back     │  taken          │  looked at       │
/// ```
/// [#next] takes the chain at `next` and looks at the driver's index again only when it meets
/// `seen`. [#complete] may be called in any order, but heads reach the used ring **in the order
/// they were offered**: one that is done early waits for those before it. So `used.idx` always
/// equals the number of chains that are wholly done, a front-end that restarts the ring at
/// `used.idx` after a back-end died loses nothing, and [#base] is right at any time.
///
/// The loop of a device:
/// ```
///   queue.disarm();
///   while (queue.next(chain) == TAKEN) { … use chain …; queue.complete(chain.head(), written); }
///   queue.publish();
///   if (queue.callNeeded()) { … write the call eventfd … }
///   if (queue.arm()) { … once more: the driver offered something while kicks were off … }
/// ```
/// **Trust.** The driver owns the descriptor table and the available ring and may write anything
/// there at any time. Each field is read once, checked, then used. The first thing wrong ends the
/// queue: [#next] says [#BROKEN] from then on and [#fault] says why; the caller tells the driver by
/// its own means (DEVICE_NEEDS_RESET, the error eventfd, hanging up).
///
/// **Never** here: allocation, exceptions or logging after construction. **Thread**: one, its
/// worker's.
public final class DeviceQueue {
  /// A chain was taken.
  public static final int TAKEN = 1;

  /// The driver offers nothing.
  public static final int EMPTY = 0;

  /// The next chain lies in memory whose translation is not known yet: it stays, ask for
  /// [#missAddress] and try again.
  public static final int MISS = -1;

  /// The driver broke the ring: see [#fault].
  public static final int BROKEN = -2;

  private static final byte FREE = 0;
  private static final byte OUT = 1;
  private static final byte DONE = 2;

  private final int size;
  private final int mask;
  private final MemorySegment desc;
  private final MemorySegment avail;
  private final MemorySegment used;
  private final boolean eventIdx;
  private final DescriptorWalk walk;

  /// Per head: FREE, OUT (the caller has it) or DONE (waits for older ones).
  private final byte[] state;

  /// Per head in state DONE: how many bytes were written.
  private final int[] written;

  /// Per position from `oldest` to `next`: which head was taken there.
  private final short[] order;

  private int oldest;
  private int next;
  private int seen;
  private int usedIdx;
  private int published;
  private int called;
  private boolean calledOnce;
  private boolean held;

  @SuppressWarnings({"unused", "FieldCanBeLocal"}) // by warm(), so that it is not optimised away
  private long warmed;

  private RingFault fault = RingFault.NONE;

  /// Takes over a ring; reads where its used index stands.
  ///
  /// @param ring     its memory
  /// @param eventIdx EVENT_IDX was negotiated
  /// @param indirect INDIRECT_DESC was negotiated
  /// @param memory   what addresses in descriptors mean
  /// @param base     position in the available ring of the first chain to take, 0 to 65535
  public DeviceQueue(
      SplitRing ring, boolean eventIdx, boolean indirect, AddressSpace memory, int base) {
    if (base < 0 || base > 0xffff) {
      throw new IllegalArgumentException("base " + base);
    }
    this.size = ring.size();
    this.mask = size - 1;
    this.desc = ring.desc();
    this.avail = ring.avail();
    this.used = ring.used();
    this.eventIdx = eventIdx;
    this.walk = new DescriptorWalk(ring, indirect, memory);
    this.state = new byte[size];
    this.written = new int[size];
    this.order = new short[size];
    this.oldest = base;
    this.next = base;
    this.seen = base;
    this.usedIdx = SplitRing.u16Acquire(used, IDX);
    this.published = usedIdx;
    this.called = usedIdx;
  }

  /// Where to go on with a ring whose front-end gave `base`.
  ///
  /// A front-end whose back-end died could not ask it for the base. Some then give 0 for a ring
  /// that stands elsewhere (DPDK's virtio-user as a server, split ring). Since heads are given back
  /// in order, such a ring goes on where its used index stands, and nothing is lost.
  ///
  /// @param ring its memory
  /// @param base as given, 0 to 65535
  public static int resumeAt(SplitRing ring, int base) {
    return base == 0 ? SplitRing.u16Acquire(ring.used(), IDX) : base;
  }

  /// Entries of the ring.
  public int size() {
    return size;
  }

  /// Takes the next chain.
  ///
  /// @param into filled on [#TAKEN], void otherwise
  /// @return [#TAKEN], [#EMPTY], [#MISS] or [#BROKEN]
  public int next(Chain into) {
    int position = next;
    if (position == seen && !look()) {
      return fault == RingFault.NONE ? EMPTY : BROKEN;
    }
    int head = avail.get(SplitRing.U16, RING + 2L * (position & mask)) & 0xffff;
    if (head >= size) {
      return broken(RingFault.HEAD_OUT_OF_RANGE);
    }
    if (state[head] != FREE) {
      return broken(RingFault.HEAD_ALREADY_TAKEN);
    }
    int result = walk.read(head, into);
    if (result != TAKEN) {
      return refused(result);
    }
    held = false;
    state[head] = OUT;
    order[position & mask] = (short) head;
    next = (position + 1) & 0xffff;
    return TAKEN;
  }

  /// Reads the driver's index.
  ///
  /// @return false when there is nothing to take
  private boolean look() {
    if (fault != RingFault.NONE) {
      return false;
    }
    // Acquire: the ring entries and descriptors behind the index were written before it (2.7.13.3).
    int idx = SplitRing.u16Acquire(avail, IDX);
    int taken = (next - oldest) & 0xffff;
    int offered = (idx - next) & 0xffff;
    if (offered > size - taken) {
      broken(RingFault.AVAIL_INDEX_JUMP);
      return false;
    }
    if (offered < ((seen - next) & 0xffff)) {
      broken(RingFault.AVAIL_INDEX_WENT_BACK);
      return false;
    }
    seen = idx;
    return idx != next;
  }

  private int refused(int result) {
    if (result == MISS) {
      held = true;
      return MISS;
    }
    return broken(walk.fault());
  }

  private int broken(RingFault why) {
    fault = why;
    seen = next;
    return BROKEN;
  }

  /// Why the ring is broken, [RingFault#NONE] while it is not.
  public RingFault fault() {
    return fault;
  }

  /// After [#MISS]: the first address whose translation is wanted.
  public long missAddress() {
    return walk.missAddress();
  }

  /// After [#MISS]: it is wanted for writing.
  public boolean missWrite() {
    return walk.missWrite();
  }

  /// Fetches the descriptors of the chains that come next into the cache, all at once: the driver
  /// wrote them on another processor, and one after the other each would cost its own way there and
  /// back. Nothing that is read is used.
  ///
  /// @param count how many chains, no more than [#ready]
  public void warm(int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      int head = avail.get(SplitRing.U16, RING + 2L * ((next + i) & mask)) & mask;
      sum += desc.get(SplitRing.U64, (long) SplitRing.DESC_BYTES * head);
    }
    // Kept, so that the reads are done.
    warmed = sum;
  }

  /// Where the chain that is `ahead` of the next one is written first.
  ///
  /// @param ahead fewer than [#ready]
  /// @param bytes wanted there in one piece
  /// @return its native address; 0 when it is none that the device may write so much of
  public long writableAhead(int ahead, int bytes) {
    int head = avail.get(SplitRing.U16, RING + 2L * ((next + ahead) & mask)) & 0xffff;
    return head < size && state[head] == FREE ? walk.firstWritable(head, bytes) : 0;
  }

  /// How many chains the driver offers beyond those taken; reads its index.
  public int available() {
    look();
    return (seen - next) & 0xffff;
  }

  /// As [#available] when the driver's index was read last: fewer than there may be, and free.
  public int ready() {
    return (seen - next) & 0xffff;
  }

  /// How many chains the caller has: taken and not yet completed, or completed and waiting for
  /// older ones.
  public int outstanding() {
    return (next - oldest) & 0xffff;
  }

  /// Gives the `count` chains taken last back to the ring as if never taken: a frame found too few
  /// of them.
  ///
  /// None of them was completed. The driver may change them before they are taken again.
  public void untake(int count) {
    assert count >= 0 && count <= outstanding() : count;
    int position = next;
    for (int i = 0; i < count; i++) {
      position = (position - 1) & 0xffff;
      int head = order[position & mask] & 0xffff;
      assert state[head] == OUT : "untake of a completed chain";
      state[head] = FREE;
    }
    next = position;
    if (fault != RingFault.NONE) {
      seen = position;
    }
  }

  /// The caller is done with a chain. It reaches the used ring when all older ones have, and the
  /// driver at [#publish].
  ///
  /// @param head  the chain's head
  /// @param bytes how many bytes were written into it, from its first writable byte on; 0 if it was
  ///              only read
  public void complete(int head, int bytes) {
    assert state[head] == OUT : "head " + head + " completed twice or never taken";
    int position = oldest;
    if ((order[position & mask] & 0xffff) != head) {
      state[head] = DONE;
      written[head] = bytes;
      return;
    }
    put(head, bytes);
    position = (position + 1) & 0xffff;
    while (position != next) {
      int follower = order[position & mask] & 0xffff;
      if (state[follower] != DONE) {
        break;
      }
      put(follower, written[follower]);
      position = (position + 1) & 0xffff;
    }
    oldest = position;
  }

  private void put(int head, int bytes) {
    state[head] = FREE;
    used.set(
        U64_UNALIGNED,
        RING + (long) USED_BYTES * (usedIdx & mask),
        (head & 0xffff_ffffL) | ((long) bytes << 32));
    usedIdx = (usedIdx + 1) & 0xffff;
  }

  /// Shows the driver everything completed so far; once per batch.
  public void publish() {
    int idx = usedIdx;
    if (idx != published) {
      // Release: what was written to buffers and ring entries comes before the index (2.7.8.1).
      SplitRing.u16Release(used, IDX, idx);
      published = idx;
    }
  }

  /// After [#publish]: the driver wants to be told. Asks once; the answer counts for all published
  /// since the last time.
  public boolean callNeeded() {
    int idx = published;
    int before = called;
    if (idx == before) {
      return false;
    }
    called = idx;
    if (!calledOnce) {
      // Nobody knows what a device before us published without telling: the first time always
      // calls.
      calledOnce = true;
      return true;
    }
    // Full fence: our index is out before we read what the driver asked for, or both sides could
    // miss each other: it
    // arms and still sees the old index, we publish and still see the old event (2.7.7.2).
    VarHandle.fullFence();
    if (eventIdx) {
      int event = SplitRing.u16Opaque(avail, SplitRing.usedEventOffset(size));
      return SplitRing.passed(event, idx, before);
    }
    return (SplitRing.u16Opaque(avail, FLAGS) & NO_NOTIFICATION) == 0;
  }

  /// Asks the driver to kick at the next chain it offers.
  ///
  /// @return true when chains can be taken already: take them before waiting
  public boolean arm() {
    ask(next);
    return look() && !held;
  }

  /// Asks the driver to kick at the next chain beyond those [#available] and not enough for the
  /// caller.
  ///
  /// @return true when more of them came meanwhile: try again before waiting
  public boolean armForMore() {
    int before = seen;
    ask(before);
    look();
    return seen != before;
  }

  private void ask(int position) {
    if (eventIdx) {
      SplitRing.u16Release(used, SplitRing.availEventOffset(size), position);
    } else {
      SplitRing.u16Release(used, FLAGS, 0);
    }
    // Full fence: the wish is out before the index is read again, or the driver could offer a chain
    // unseen and unheard
    // (2.7.10.1).
    VarHandle.fullFence();
  }

  /// Tells the driver that kicks are not needed; advice only. With EVENT_IDX there is nothing to
  /// say: the driver kicks only when it passes the position asked for last.
  public void disarm() {
    if (!eventIdx) {
      SplitRing.u16Release(used, FLAGS, NO_NOTIFICATION);
    }
  }

  /// Position in the available ring from which another device would have to go on: everything
  /// before it is on the used ring. 0 to 65535.
  public int base() {
    return oldest;
  }
}
