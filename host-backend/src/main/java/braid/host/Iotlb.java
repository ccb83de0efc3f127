package braid.host;

import braid.virtio.AddressSpace;
import braid.virtio.Chain;
import braid.virtio.ProtocolException;

/// What a guest's IOMMU lets the device touch, as far as the front-end has told: I/O virtual ranges
/// to user addresses, with permissions (vhost-user "IOMMU support").
///
/// **Theory of operation.** Entries are kept in arrays sorted by I/O virtual address and do not
/// overlap. A translation that finds no entry, or one without the permission, is a miss: the chain
/// stays on its ring, the front-end is asked once ([#ask]), and the chain is tried again when the
/// update has come. Nothing is dropped for a miss. When the table is full, an update throws out an
/// entry, round and round; it will be asked for again if it is needed.
///
/// **Limits**: [#ENTRIES_MAX] entries, [#ASKED_MAX] questions in the air; further ones wait until
/// one was answered.
///
/// **Thread**: the worker's.
final class Iotlb implements AddressSpace {
  /// Most entries kept: 16 MiB of single pages.
  static final int ENTRIES_MAX = 4096;

  /// Most misses asked for and not answered.
  static final int ASKED_MAX = 64;

  /// A question is asked again after this time: the answer may have been invalidated at once.
  static final long ASK_AGAIN_NANOS = 100_000_000;

  /// Permission to read.
  static final int READ = 1;

  /// Permission to write.
  static final int WRITE = 2;

  private static final long PAGE = 4096;

  private GuestMemory memory;
  private final long[] start = new long[ENTRIES_MAX];
  private final long[] size = new long[ENTRIES_MAX];
  private final long[] user = new long[ENTRIES_MAX];
  private final byte[] permission = new byte[ENTRIES_MAX];
  private int count;
  private int hint;
  private int victim;

  private final long[] asked = new long[ASKED_MAX];
  private final byte[] askedPermission = new byte[ASKED_MAX];
  private final long[] askedAt = new long[ASKED_MAX];
  private int askedCount;
  private long missAddress;
  private int missPermission;

  /// An empty table over `memory`.
  Iotlb(GuestMemory memory) {
    this.memory = memory;
  }

  /// The memory table changed: entries stay, they name user addresses.
  void memory(GuestMemory table) {
    memory = table;
  }

  @Override
  public int translate(long address, int length, boolean write, Chain into) {
    int wanted = write ? WRITE : READ;
    long at = address;
    int left = length;
    // Neighbouring pages are often neighbours here too: then they make one piece.
    long from = 0;
    int bytes = 0;
    while (left > 0) {
      int i = find(at);
      if (i < 0 || (permission[i] & wanted) == 0) {
        missAddress = at;
        missPermission = wanted;
        return into.miss(at);
      }
      long within = at - start[i];
      int here = (int) Math.min(left, size[i] - within);
      if (bytes > 0 && from + bytes == user[i] + within) {
        bytes += here;
      } else {
        if (bytes > 0 && memory.translateUser(from, bytes, into) != OK) {
          return FAULT;
        }
        from = user[i] + within;
        bytes = here;
      }
      at += here;
      left -= here;
    }
    return memory.translateUser(from, bytes, into);
  }

  /// The native address of a range that is known, readable and writable as `write` says, and in one
  /// piece; 0 when some of it is not known; -1 when it cannot be in one piece.
  long nativeOf(long address, int length, boolean write) {
    int wanted = write ? READ | WRITE : READ;
    long at = address;
    long first = 0;
    long expected = 0;
    int left = length;
    while (left > 0) {
      int i = find(at);
      if (i < 0 || (permission[i] & wanted) != wanted) {
        missAddress = at;
        missPermission = wanted;
        return 0;
      }
      long within = at - start[i];
      int here = (int) Math.min(left, size[i] - within);
      long here0 = memory.nativeOfUser(user[i] + within, here);
      if (here0 == 0 || (first != 0 && here0 != expected)) {
        return -1;
      }
      first = first == 0 ? here0 : first;
      expected = here0 + here;
      at += here;
      left -= here;
    }
    return first;
  }

  /// Whether the miss found last must be asked for now; notes that it was.
  ///
  /// @param now the worker's clock
  boolean ask(long now) {
    long page = missAddress & -PAGE;
    for (int i = 0; i < askedCount; i++) {
      if (asked[i] == page && (askedPermission[i] & missPermission) == missPermission) {
        if (now - askedAt[i] < ASK_AGAIN_NANOS) {
          return false;
        }
        askedAt[i] = now;
        return true;
      }
    }
    int slot = askedCount;
    if (slot == ASKED_MAX) {
      slot = oldestAsked();
      if (now - askedAt[slot] < ASK_AGAIN_NANOS) {
        return false;
      }
    } else {
      askedCount++;
    }
    asked[slot] = page;
    askedPermission[slot] = (byte) missPermission;
    askedAt[slot] = now;
    return true;
  }

  private int oldestAsked() {
    int oldest = 0;
    for (int i = 1; i < askedCount; i++) {
      oldest = askedAt[i] - askedAt[oldest] < 0 ? i : oldest;
    }
    return oldest;
  }

  /// A question was asked and not answered.
  boolean waiting() {
    return askedCount > 0;
  }

  /// The first address the last miss did not find.
  long missAddress() {
    return missAddress;
  }

  /// What was wanted there: [#READ], [#WRITE] or both.
  int missPermission() {
    return missPermission;
  }

  /// Learns a range. It replaces whatever was known of it.
  ///
  /// @throws ProtocolException when it is empty, wraps, or is not in the memory table
  void update(long iova, long bytes, long userAddress, int allowed) throws ProtocolException {
    if (bytes <= 0 || Long.compareUnsigned(iova + bytes - 1, iova) < 0) {
      throw new ProtocolException("An IOTLB message", "update of " + range(iova, bytes));
    }
    if (memory.nativeOfUser(userAddress, bytes) == 0) {
      throw new ProtocolException(
          "An IOTLB message",
          "update of "
              + range(iova, bytes)
              + " to "
              + Long.toHexString(userAddress)
              + ", which is not in the memory table");
    }
    forget(iova, iova + bytes - 1);
    if (count == ENTRIES_MAX) {
      victim = (victim + 1) % count;
      remove(victim, victim + 1);
    }
    int i = firstAbove(iova);
    shift(i, 1);
    start[i] = iova;
    size[i] = bytes;
    user[i] = userAddress;
    permission[i] = (byte) allowed;
    answered(iova, bytes);
  }

  private void answered(long iova, long bytes) {
    for (int i = askedCount - 1; i >= 0; i--) {
      long end = asked[i] + PAGE - 1;
      boolean covers =
          Long.compareUnsigned(end - iova, bytes + PAGE - 1) < 0
              || Long.compareUnsigned(asked[i] - iova, bytes) < 0;
      if (covers) {
        askedCount--;
        asked[i] = asked[askedCount];
        askedPermission[i] = askedPermission[askedCount];
        askedAt[i] = askedAt[askedCount];
      }
    }
  }

  /// Forgets a range: every entry that overlaps it goes as a whole.
  ///
  /// @param bytes how many; 0 means to the end of the address space
  void invalidate(long iova, long bytes) {
    long last = iova + bytes - 1;
    if (bytes == 0 || Long.compareUnsigned(last, iova) < 0) {
      last = -1;
    }
    forget(iova, last);
  }

  private void forget(long first, long last) {
    int from = firstOverlap(first);
    int to = from;
    while (to < count && Long.compareUnsigned(start[to], last) <= 0) {
      to++;
    }
    remove(from, to);
  }

  /// A question about a range of native memory.
  interface Test {
    boolean of(long address, long bytes);
  }

  /// Something that is known of this range of I/O virtual addresses passes the test.
  boolean anyNative(long iova, long bytes, Test test) {
    long last = bytes == 0 ? -1 : iova + bytes - 1;
    for (int i = firstOverlap(iova); i < count; i++) {
      if (Long.compareUnsigned(start[i], last) > 0) {
        return false;
      }
      long at = memory.nativeOfUser(user[i], size[i]);
      if (at != 0 && test.of(at, size[i])) {
        return true;
      }
    }
    return false;
  }

  /// The first entry that ends at or after `address`.
  private int firstOverlap(long address) {
    int from = firstAbove(address);
    boolean before =
        from > 0 && Long.compareUnsigned(address - start[from - 1], size[from - 1]) < 0;
    return before ? from - 1 : from;
  }

  /// How many entries are known.
  int entries() {
    return count;
  }

  private void remove(int from, int to) {
    shift(to, from - to);
  }

  /// Moves the entries from `at` on by `by` places.
  private void shift(int at, int by) {
    int moved = count - at;
    System.arraycopy(start, at, start, at + by, moved);
    System.arraycopy(size, at, size, at + by, moved);
    System.arraycopy(user, at, user, at + by, moved);
    System.arraycopy(permission, at, permission, at + by, moved);
    count += by;
  }

  private int find(long address) {
    int i = hint;
    if (i < count && Long.compareUnsigned(address - start[i], size[i]) < 0) {
      return i;
    }
    i = firstAbove(address) - 1;
    if (i < 0 || Long.compareUnsigned(address - start[i], size[i]) >= 0) {
      return -1;
    }
    hint = i;
    return i;
  }

  /// The place of the first entry that starts above `address`.
  private int firstAbove(long address) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(start[middle], address) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static String range(long iova, long bytes) {
    return Long.toHexString(iova) + " + " + Long.toUnsignedString(bytes) + " bytes";
  }
}
