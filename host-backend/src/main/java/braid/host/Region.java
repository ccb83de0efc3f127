package braid.host;

import braid.kernel.Fd;
import braid.kernel.LinuxException;
import braid.kernel.Mapping;
import braid.virtio.ProtocolException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One region of a guest's memory, mapped.
///
/// The file behind it is the front-end's, which can make it shorter at any time; then touching what
/// is gone raises SIGBUS, which Java turns into an error on the worker. [#shrunk] finds the region
/// that did it, and [#replace] puts memory of our own in its place, so that no address that is
/// still in use can do it again.
///
/// **Lifetime**: mapped by [#map], used by one or more [GuestMemory] snapshots ([#use], [#unuse]),
/// unmapped on a thread of its own when the last one lets go: to give back gigabytes takes long.
final class Region {
  /// A region as a front-end describes it.
  ///
  /// @param guest  guest address of its first byte
  /// @param size   bytes
  /// @param user   the front-end's own address of its first byte
  /// @param offset where it starts in the file
  record Place(long guest, long size, long user, long offset) {
    @Override
    public String toString() {
      return "region guest "
          + Long.toHexString(guest)
          + " size "
          + Long.toHexString(size)
          + " user "
          + Long.toHexString(user)
          + " offset "
          + Long.toHexString(offset);
    }
  }

  private static final long PAGE = 4096;

  /// Page sizes that a file may ask for: ordinary, and two of huge pages.
  private static final long[] ALIGNMENTS = {PAGE, 2 << 20, 1 << 30};

  private final Place place;
  private final Fd file;
  private final Mapping mapping;
  private final long nativeAddress;
  private final AtomicInteger users = new AtomicInteger();

  private Region(Place place, Fd file, Mapping mapping, long nativeAddress) {
    this.place = place;
    this.file = file;
    this.mapping = mapping;
    this.nativeAddress = nativeAddress;
  }

  /// Checks what a front-end described and maps it.
  ///
  /// @param file its own copy of the descriptor is kept; the caller closes this one
  /// @throws ProtocolException when the description makes no sense or does not fit the file
  static Region map(Place place, Fd file) throws ProtocolException {
    long size = place.size;
    if (size <= 0 || place.offset < 0 || place.offset + size < 0) {
      throw broken(place + ": size 0, or beyond 2^63");
    }
    if (Long.compareUnsigned(place.guest + size - 1, place.guest) < 0
        || Long.compareUnsigned(place.user + size - 1, place.user) < 0) {
      throw broken(place + ": wraps");
    }
    if ((place.offset & (PAGE - 1)) != 0) {
      throw broken(place + ": the offset is not on a page border");
    }
    if (!file.isRegularFile()) {
      throw broken(place + ": the descriptor is not a file but " + file.target());
    }
    if (file.size() < place.offset + size) {
      throw broken(place + ": the file has " + Long.toHexString(file.size()) + " bytes");
    }
    return mapped(place, file);
  }

  private static Region mapped(Place place, Fd file) throws ProtocolException {
    @Nullable LinuxException refused = null;
    for (long align : ALIGNMENTS) {
      long before = place.offset & (align - 1);
      long length = (before + place.size + align - 1) & -align;
      try {
        Mapping mapping = Mapping.shared(file, place.offset - before, length);
        return new Region(place, file.duplicate(), mapping, mapping.address() + before);
      } catch (LinuxException e) {
        // A file of huge pages maps only on their borders: try the next size.
        refused = e;
      }
    }
    throw broken(place + ": " + refused);
  }

  private static ProtocolException broken(String detail) {
    return new ProtocolException("Memory regions description", detail);
  }

  /// How the front-end described it.
  Place place() {
    return place;
  }

  /// Guest address of the first byte.
  long guestAddress() {
    return place.guest;
  }

  /// The front-end's address of the first byte.
  long userAddress() {
    return place.user;
  }

  /// Bytes.
  long size() {
    return place.size;
  }

  /// Our address of the first byte.
  long nativeAddress() {
    return nativeAddress;
  }

  /// The file is shorter than the region: some of the memory is gone.
  boolean shrunk() {
    return file.isOpen() && file.size() < place.offset + place.size;
  }

  /// Whoever holds the file can make it shorter.
  boolean canShrink() {
    return file.isOpen() && !file.cannotShrink();
  }

  /// Puts zeroed memory of our own where the file was mapped: whoever still has an address in it
  /// reads zeros.
  void replace() {
    mapping.replaceByZeros();
  }

  /// One more snapshot has it.
  void use() {
    users.incrementAndGet();
  }

  /// One snapshot less has it; the last one unmaps it.
  void unuse() {
    if (users.decrementAndGet() == 0) {
      Thread.ofPlatform().daemon().name("unmap").start(this::close);
    }
  }

  /// No snapshot has it.
  boolean unused() {
    return users.get() == 0;
  }

  /// Unmaps a region that no snapshot ever had.
  void close() {
    mapping.close();
    file.close();
  }

  @Override
  public String toString() {
    return place.toString();
  }
}
