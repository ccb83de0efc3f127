package braid.virtio;

import static braid.virtio.SplitRing.DESC_BYTES;
import static braid.virtio.SplitRing.DESC_INDIRECT;
import static braid.virtio.SplitRing.DESC_NEXT;
import static braid.virtio.SplitRing.DESC_WRITE;
import static braid.virtio.SplitRing.FLAGS;
import static braid.virtio.SplitRing.IDX;
import static braid.virtio.SplitRing.NO_NOTIFICATION;
import static braid.virtio.SplitRing.RING;
import static braid.virtio.SplitRing.U64;
import static braid.virtio.SplitRing.U64_UNALIGNED;
import static braid.virtio.SplitRing.USED_BYTES;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The driver half of a split virtqueue: offers chains of buffers to a device and gets them back
/// used.
///
/// **Theory of operation.** Free descriptors are a list in own memory ([#link]), never in the
/// shared table, which the driver only writes. [#add] takes descriptors from that list, writes
/// them, and puts the head into the available ring; [#publish] moves the index once per batch. What
/// is outstanding is remembered per head: the caller's token, how many descriptors, how many bytes
/// the device may write, and when it was added. [#poll] believes the used ring only as far as it
/// fits that.
///
/// The loop of a driver:
/// ```
///   while (queue.poll() == TAKEN) { … queue.usedToken(), queue.usedWritten() … }
///   queue.add(…); …
///   queue.publish();
///   if (queue.kickNeeded()) { … write the doorbell … }
///   if (queue.arm()) { … once more … }
/// ```
/// **Trust.** The device owns the used ring. An index that jumps, an id that is not outstanding or
/// a length beyond the chain ends the queue: [#poll] says [#BROKEN] from then on, [#fault] says
/// why. After that, or after a device died, [#outstandingTokens] tells what it had accepted and not
/// given back, in the order of submission.
///
/// **Never** here: allocation, exceptions or logging after construction, except
/// [#outstandingTokens]. **Thread**: one, its worker's.
public final class DriverQueue {
  /// [#poll]: a chain came back.
  public static final int TAKEN = 1;

  /// [#poll]: nothing came back.
  public static final int EMPTY = 0;

  /// [#add]: too few free descriptors, or more buffers than a chain can have. Nothing was done.
  public static final int FULL = -1;

  /// [#poll]: the device broke the ring: see [#fault].
  public static final int BROKEN = -2;

  private static final char NOT_OUTSTANDING = 0;

  private final int size;
  private final int mask;
  private final MemorySegment desc;
  private final MemorySegment avail;
  private final MemorySegment used;
  private final boolean eventIdx;
  private final @Nullable IndirectTables tables;

  /// Per descriptor: the next of its chain or of the free list.
  private final int[] link;

  /// Per head: how many descriptors of the main table it holds; 0 when it is not outstanding.
  private final char[] count;

  private final int[] token;
  private final int[] writable;

  /// Per head: the number of its submission.
  private final long[] serial;

  private int freeHead;
  private int free;
  private int availIdx;
  private int published;
  private int kicked;
  private int lastUsed;
  private int usedSeen;
  private int outstanding;
  private long submissions;
  private int usedHead;
  private int usedToken;
  private int usedWritten;
  private RingFault fault = RingFault.NONE;

  /// Makes a fresh ring: clears its memory, so the device must not have been told of it yet.
  ///
  /// @param ring     its memory, readable and writable by the device
  /// @param eventIdx EVENT_IDX was negotiated
  /// @param tables   memory for indirect tables when INDIRECT_DESC was negotiated, else null
  public DriverQueue(SplitRing ring, boolean eventIdx, @Nullable IndirectTables tables) {
    this.size = ring.size();
    this.mask = size - 1;
    this.desc = ring.desc();
    this.avail = ring.avail();
    this.used = ring.used();
    this.eventIdx = eventIdx;
    this.tables = tables;
    if (tables != null
        && (tables.entries() > size
            || tables.memory().byteSize() < IndirectTables.bytes(size, tables.entries()))) {
      throw new IllegalArgumentException(tables + " for a queue of " + size);
    }
    desc.fill((byte) 0);
    avail.fill((byte) 0);
    used.fill((byte) 0);
    this.link = new int[size];
    Arrays.setAll(link, i -> i + 1);
    this.count = new char[size];
    this.token = new int[size];
    this.writable = new int[size];
    this.serial = new long[size];
    this.free = size;
  }

  /// Entries of the ring.
  public int size() {
    return size;
  }

  /// Free descriptors of the main table. A chain takes one per buffer, or one in all with an
  /// indirect table.
  public int free() {
    return free;
  }

  /// Chains the device has.
  public int outstanding() {
    return outstanding;
  }

  /// Offers a chain of several buffers, those the device reads before those it writes.
  ///
  /// @param address  where the device sees each buffer
  /// @param length   bytes of each, at least 1
  /// @param readable how many buffers, the first ones, the device reads
  /// @param writing  how many buffers after them the device writes
  /// @param label    the caller's number for the chain
  /// @return the head, or [#FULL]
  public int add(long[] address, int[] length, int readable, int writing, int label) {
    int buffers = readable + writing;
    IndirectTables indirect = tables;
    if (indirect != null && buffers > 1 && buffers <= indirect.entries()) {
      return free == 0 ? FULL : addIndirect(indirect, address, length, readable, buffers, label);
    }
    if (buffers < 1 || buffers > free) {
      return FULL;
    }
    int head = freeHead;
    int at = head;
    int room = 0;
    for (int i = 0; i < buffers; i++) {
      int following = link[at];
      long flags = i < readable ? 0 : DESC_WRITE;
      if (i >= readable) {
        room += length[i];
      }
      long rest = (length[i] & 0xffff_ffffL) | (flags << 32);
      if (i < buffers - 1) {
        rest |= ((long) DESC_NEXT << 32) | ((long) following << 48);
      }
      describe(desc, at, address[i], rest);
      at = following;
    }
    freeHead = at;
    return offer(head, buffers, room, label);
  }

  /// Offers one buffer for the device to read.
  ///
  /// @return the head, or [#FULL]
  public int addReadable(long address, int length, int label) {
    return addOne(address, length & 0xffff_ffffL, 0, label);
  }

  /// Offers one buffer for the device to write.
  ///
  /// @return the head, or [#FULL]
  public int addWritable(long address, int length, int label) {
    return addOne(address, (length & 0xffff_ffffL) | ((long) DESC_WRITE << 32), length, label);
  }

  private int addOne(long address, long rest, int room, int label) {
    if (free == 0) {
      return FULL;
    }
    int head = freeHead;
    freeHead = link[head];
    describe(desc, head, address, rest);
    return offer(head, 1, room, label);
  }

  private int addIndirect(
      IndirectTables indirect, long[] address, int[] length, int readable, int buffers, int label) {
    int head = freeHead;
    freeHead = link[head];
    MemorySegment memory = indirect.memory();
    int first = head * indirect.entries();
    int room = 0;
    for (int i = 0; i < buffers; i++) {
      long rest = length[i] & 0xffff_ffffL;
      if (i >= readable) {
        rest |= (long) DESC_WRITE << 32;
        room += length[i];
      }
      if (i < buffers - 1) {
        rest |= ((long) DESC_NEXT << 32) | ((long) (i + 1) << 48);
      }
      describe(memory, first + i, address[i], rest);
    }
    long bytes = (long) buffers * DESC_BYTES;
    describe(
        desc,
        head,
        indirect.address() + (long) first * DESC_BYTES,
        bytes | ((long) DESC_INDIRECT << 32));
    return offer(head, 1, room, label);
  }

  private static void describe(MemorySegment table, int at, long address, long rest) {
    table.set(U64, (long) at * DESC_BYTES, address);
    table.set(U64, (long) at * DESC_BYTES + 8, rest);
  }

  private int offer(int head, int descriptors, int room, int label) {
    free -= descriptors;
    count[head] = (char) descriptors;
    writable[head] = room;
    token[head] = label;
    serial[head] = submissions++;
    avail.set(SplitRing.U16, RING + 2L * (availIdx & mask), (short) head);
    availIdx = (availIdx + 1) & 0xffff;
    outstanding++;
    return head;
  }

  /// Shows the device everything added so far; once per batch.
  public void publish() {
    int idx = availIdx;
    if (idx != published) {
      // Release: descriptors and ring entries come before the index (2.7.13.3.1).
      SplitRing.u16Release(avail, IDX, idx);
      published = idx;
    }
  }

  /// After [#publish]: the device wants to be kicked. Asks once; the answer counts for all
  /// published since the last time.
  public boolean kickNeeded() {
    int idx = published;
    int before = kicked;
    if (idx == before) {
      return false;
    }
    kicked = idx;
    // Full fence: our index is out before we read what the device asked for (2.7.13.4.1).
    VarHandle.fullFence();
    if (eventIdx) {
      int event = SplitRing.u16Opaque(used, SplitRing.availEventOffset(size));
      return SplitRing.passed(event, idx, before);
    }
    return (SplitRing.u16Opaque(used, FLAGS) & NO_NOTIFICATION) == 0;
  }

  /// Takes back the next chain the device is done with.
  ///
  /// @return [#TAKEN], and [#usedToken], [#usedHead] and [#usedWritten] are its; [#EMPTY]; or
  ///     [#BROKEN]
  public int poll() {
    int position = lastUsed;
    if (position == usedSeen && !look()) {
      return fault == RingFault.NONE ? EMPTY : BROKEN;
    }
    long entry = used.get(U64_UNALIGNED, RING + (long) USED_BYTES * (position & mask));
    long id = entry & 0xffff_ffffL;
    long bytes = entry >>> 32;
    if (id >= size) {
      return broken(RingFault.USED_ID_OUT_OF_RANGE);
    }
    int head = (int) id;
    if (count[head] == NOT_OUTSTANDING) {
      return broken(RingFault.USED_ID_NOT_OUTSTANDING);
    }
    if (bytes > writable[head]) {
      return broken(RingFault.USED_LENGTH_TOO_LONG);
    }
    lastUsed = (position + 1) & 0xffff;
    usedHead = head;
    usedToken = token[head];
    usedWritten = (int) bytes;
    reclaim(head);
    return TAKEN;
  }

  private boolean look() {
    if (fault != RingFault.NONE) {
      return false;
    }
    // Acquire: the entries behind the index, and what was written to buffers, come before it
    // (2.7.14).
    int idx = SplitRing.u16Acquire(used, IDX);
    if (((idx - lastUsed) & 0xffff) > ((published - lastUsed) & 0xffff)) {
      broken(RingFault.USED_INDEX_JUMP);
      return false;
    }
    usedSeen = idx;
    return idx != lastUsed;
  }

  private void reclaim(int head) {
    int descriptors = count[head];
    count[head] = NOT_OUTSTANDING;
    int tail = head;
    for (int i = 1; i < descriptors; i++) {
      tail = link[tail];
    }
    link[tail] = freeHead;
    freeHead = head;
    free += descriptors;
    outstanding--;
  }

  private int broken(RingFault why) {
    fault = why;
    usedSeen = lastUsed;
    return BROKEN;
  }

  /// After [#TAKEN]: the caller's number for the chain.
  public int usedToken() {
    return usedToken;
  }

  /// After [#TAKEN]: the chain's head, free again.
  public int usedHead() {
    return usedHead;
  }

  /// After [#TAKEN]: bytes the device wrote from the first writable byte on; never more than the
  /// chain had.
  public int usedWritten() {
    return usedWritten;
  }

  /// Why the ring is broken, [RingFault#NONE] while it is not.
  public RingFault fault() {
    return fault;
  }

  /// Asks the device to interrupt at the next chain it gives back.
  ///
  /// @return true when one is there already: poll before waiting
  public boolean arm() {
    if (eventIdx) {
      SplitRing.u16Release(avail, SplitRing.usedEventOffset(size), lastUsed);
    } else {
      SplitRing.u16Release(avail, FLAGS, 0);
    }
    // Full fence: the wish is out before the index is read again, or a chain could come back unseen
    // and unheard
    // (2.7.7.1, 2.7.14).
    VarHandle.fullFence();
    return look();
  }

  /// Tells the device that interrupts are not needed; advice only. With EVENT_IDX there is nothing
  /// to say (2.7.7.1: the flags stay 0).
  public void disarm() {
    if (!eventIdx) {
      SplitRing.u16Release(avail, FLAGS, NO_NOTIFICATION);
    }
  }

  /// What the device has accepted and not given back, oldest submission first. For the time after a
  /// failure; allocates.
  public int[] outstandingTokens() {
    return IntStream.range(0, size)
        .filter(head -> count[head] != NOT_OUTSTANDING)
        .boxed()
        .sorted(Comparator.comparingLong((Integer head) -> serial[head]))
        .mapToInt(head -> token[head])
        .toArray();
  }
}
