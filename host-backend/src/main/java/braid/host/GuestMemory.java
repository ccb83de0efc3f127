package braid.host;

import braid.virtio.AddressSpace;
import braid.virtio.Chain;
import braid.virtio.ProtocolException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A guest's memory as one front-end described it: which addresses exist, and where they are mapped
/// here. A snapshot: a change of the table makes a new one.
///
/// **Two names for the same byte.** A region has a guest address (what descriptors hold when there
/// is no IOMMU) and a user address (the front-end's own pointer: what SET_VRING_ADDR and IOTLB
/// updates hold). Both are turned into native addresses by a search in sorted arrays, with the last
/// hit tried first.
///
/// **Lifetime.** Frames taken from the guest point into the mapping, also after the session has
/// ended. So the worker counts the frames of each snapshot ([#frameTaken], [#frameReleased]); a
/// snapshot that is retired and has no frame left gives its regions free, and a region that no
/// snapshot needs is unmapped.
///
/// **Thread**: made by the session's control thread, used by the worker.
final class GuestMemory implements AddressSpace {
  /// Most regions of one table: what GET_MAX_MEM_SLOTS answers.
  static final int SLOTS_MAX = 64;

  /// No memory, and never anybody's: a value for "none".
  static final GuestMemory NONE = new GuestMemory(List.of());

  private final List<Region> regions;
  private final long[] guestStart;
  private final long[] guestSize;
  private final long[] guestNative;
  private final long[] userStart;
  private final long[] userSize;
  private final long[] userNative;
  // Only a hint where to look first; any value is right.
  private int guestHint;
  private int userHint;
  private int frames;
  private boolean retired;
  private boolean freed;

  private GuestMemory(List<Region> regions) {
    this.regions = List.copyOf(regions);
    int count = regions.size();
    guestStart = new long[count];
    guestSize = new long[count];
    guestNative = new long[count];
    userStart = new long[count];
    userSize = new long[count];
    userNative = new long[count];
    List<Region> byGuest = sorted(regions, Region::guestAddress);
    List<Region> byUser = sorted(regions, Region::userAddress);
    for (int i = 0; i < count; i++) {
      guestStart[i] = byGuest.get(i).guestAddress();
      guestSize[i] = byGuest.get(i).size();
      guestNative[i] = byGuest.get(i).nativeAddress();
      userStart[i] = byUser.get(i).userAddress();
      userSize[i] = byUser.get(i).size();
      userNative[i] = byUser.get(i).nativeAddress();
    }
  }

  private interface Start {
    long of(Region region);
  }

  private static List<Region> sorted(List<Region> regions, Start start) {
    List<Region> sorted = new ArrayList<>(regions);
    sorted.sort(Comparator.comparing(start::of, Long::compareUnsigned));
    return sorted;
  }

  /// No memory at all: what a session starts with.
  static GuestMemory empty() {
    return new GuestMemory(List.of());
  }

  /// A snapshot of `regions`, each of which has one more user from now on.
  ///
  /// @throws ProtocolException when two overlap, by guest or by user address, or there are too many
  static GuestMemory of(List<Region> regions) throws ProtocolException {
    if (regions.size() > SLOTS_MAX) {
      throw new ProtocolException(
          "VHOST_USER_ADD_MEM_REG", regions.size() + " memory regions, at most " + SLOTS_MAX);
    }
    requireApart(sorted(regions, Region::guestAddress), Region::guestAddress, "guest");
    requireApart(sorted(regions, Region::userAddress), Region::userAddress, "user");
    regions.forEach(Region::use);
    return new GuestMemory(regions);
  }

  /// As [#of], only to be asked whether something lies in it; nothing is used.
  static GuestMemory trial(List<Region> regions) {
    return new GuestMemory(regions);
  }

  private static void requireApart(List<Region> sorted, Start start, String which)
      throws ProtocolException {
    for (int i = 1; i < sorted.size(); i++) {
      Region low = sorted.get(i - 1);
      Region high = sorted.get(i);
      if (Long.compareUnsigned(start.of(high) - start.of(low), low.size()) < 0) {
        throw new ProtocolException(
            "Memory regions description",
            "regions overlap by " + which + " address: " + low + " and " + high);
      }
    }
  }

  /// The regions, in the order they were given.
  List<Region> regions() {
    return regions;
  }

  @Override
  public int translate(long address, int length, boolean write, Chain into) {
    int i = guestHint;
    if (i >= guestStart.length
        || Long.compareUnsigned(address - guestStart[i], guestSize[i]) >= 0) {
      i = find(guestStart, guestSize, address);
      if (i < 0) {
        return FAULT;
      }
      guestHint = i;
    }
    long within = address - guestStart[i];
    if (guestSize[i] - within >= length) {
      into.append(guestNative[i] + within, length);
      return OK;
    }
    return across(guestStart, guestSize, guestNative, address, length, into);
  }

  /// As [#translate], for a user address.
  int translateUser(long address, int length, Chain into) {
    int i = userHint;
    if (i >= userStart.length || Long.compareUnsigned(address - userStart[i], userSize[i]) >= 0) {
      i = find(userStart, userSize, address);
      if (i < 0) {
        return FAULT;
      }
      userHint = i;
    }
    long within = address - userStart[i];
    if (userSize[i] - within >= length) {
      into.append(userNative[i] + within, length);
      return OK;
    }
    return across(userStart, userSize, userNative, address, length, into);
  }

  /// A range that goes over from one region into its neighbour: a piece for each.
  private static int across(
      long[] start, long[] size, long[] natives, long address, int length, Chain into) {
    long at = address;
    int left = length;
    while (left > 0) {
      int i = find(start, size, at);
      if (i < 0) {
        return FAULT;
      }
      long within = at - start[i];
      int here = (int) Math.min(left, size[i] - within);
      into.append(natives[i] + within, here);
      at += here;
      left -= here;
    }
    return OK;
  }

  /// The native address of a range that lies in one region, by user address; 0 when it does not.
  long nativeOfUser(long address, long length) {
    int i = find(userStart, userSize, address);
    if (i < 0 || userSize[i] - (address - userStart[i]) < length) {
      return 0;
    }
    return userNative[i] + (address - userStart[i]);
  }

  /// The last range that starts at or below `address`, if it holds `address`; else -1.
  private static int find(long[] start, long[] size, long address) {
    int low = 0;
    int high = start.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(start[middle], address) <= 0) {
        if (Long.compareUnsigned(address - start[middle], size[middle]) < 0) {
          return middle;
        }
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /// A frame that points into this snapshot was taken. Worker only.
  void frameTaken() {
    frames++;
  }

  /// Such a frame came back. Worker only.
  void frameReleased() {
    frames--;
    freeIfDone();
  }

  /// Frames that point into it. Worker only.
  int frames() {
    return frames;
  }

  /// No new frame will be taken from it. Its regions are free as soon as no frame is left: at once,
  /// or at the last release. Worker only.
  void retire() {
    retired = true;
    freeIfDone();
  }

  /// It was retired and its regions are free. Worker only.
  boolean freed() {
    return freed;
  }

  private void freeIfDone() {
    if (retired && frames == 0 && !freed) {
      freed = true;
      regions.forEach(Region::unuse);
    }
  }

  @Override
  public String toString() {
    return "GuestMemory" + regions;
  }
}
