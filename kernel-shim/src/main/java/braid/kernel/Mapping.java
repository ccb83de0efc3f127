package braid.kernel;

import braid.kernel.jextract.Sys;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// Mapped memory with one owner, who unmaps it by [#close].
///
/// [#segment] dies with the mapping: an access after close throws instead of crashing. Code that
/// keeps native addresses (frames, io_uring operations) has no such guard: its owner closes the
/// mapping only when no operation is in flight and no frame is held.
public final class Mapping implements AutoCloseable {
  /// A huge page of x86-64, and of most others.
  private static final long HUGE_PAGE_BYTES = 2 << 20;

  private final long address;
  private final long length;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Mapping(long address, long length) {
    this.address = address;
    this.length = length;
    this.segment = MemorySegment.ofAddress(address).reinterpret(length, arena, null);
  }

  /// Maps a part of a file, shared with all who map it, for reading and writing.
  ///
  /// @param fd     the file; may be closed afterwards
  /// @param offset first byte, a multiple of the page size
  /// @param length bytes, more than 0
  /// @throws LinuxException when the kernel refuses
  public static Mapping shared(Fd fd, long offset, long length) {
    return map(
        length,
        Sys.PROT_READ() | Sys.PROT_WRITE(),
        Sys.MAP_SHARED() | Sys.MAP_NORESERVE(),
        fd.number(),
        offset,
        "map " + length + " bytes of " + fd + " at " + offset);
  }

  /// Maps a part of a file, shared and present: pages are faulted in now, not at first use.
  ///
  /// @throws LinuxException when the kernel refuses
  static Mapping populated(Fd fd, long offset, long length) {
    return map(
        length,
        Sys.PROT_READ() | Sys.PROT_WRITE(),
        Sys.MAP_SHARED() | Sys.MAP_POPULATE(),
        fd.number(),
        offset,
        "map " + length + " bytes of " + fd + " at " + offset);
  }

  /// Zeroed memory of our own, shared with nobody.
  ///
  /// @param length bytes, more than 0
  /// @throws LinuxException when the kernel refuses
  public static Mapping anonymous(long length) {
    return map(
        length,
        Sys.PROT_READ() | Sys.PROT_WRITE(),
        Sys.MAP_PRIVATE() | Sys.MAP_ANONYMOUS(),
        -1,
        0,
        "get " + length + " bytes of memory");
  }

  /// As [#anonymous], from the pool of huge pages.
  ///
  /// @param length bytes, a multiple of the huge page size
  /// @throws LinuxException ENOMEM when the pool (`vm.nr_hugepages`) has too few
  public static Mapping huge(long length) {
    return map(
        length,
        Sys.PROT_READ() | Sys.PROT_WRITE(),
        Sys.MAP_PRIVATE() | Sys.MAP_ANONYMOUS() | Sys.MAP_HUGETLB(),
        -1,
        0,
        "get " + length + " bytes of huge pages (vm.nr_hugepages)");
  }

  /// As [#anonymous], on a border of 2 MiB and in huge pages as far as the kernel finds some: no
  /// pool of them is needed, and none is promised.
  ///
  /// @param length bytes, a multiple of 2 MiB
  /// @throws LinuxException when the kernel refuses
  public static Mapping transparentHuge(long length) {
    String tried = "get " + length + " bytes of memory on a border of 2 MiB";
    long whole = length + HUGE_PAGE_BYTES;
    long start =
        Linux.check(
            Linux.mmap(
                0,
                whole,
                Sys.PROT_READ() | Sys.PROT_WRITE(),
                Sys.MAP_PRIVATE() | Sys.MAP_ANONYMOUS(),
                -1,
                0),
            "mmap",
            tried);
    long aligned = (start + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
    // What is left over on both sides goes back.
    unmapUnlessEmpty(start, aligned - start, tried);
    unmapUnlessEmpty(aligned + length, start + whole - aligned - length, tried);
    // Refused where the kernel has no transparent huge pages: then they are small.
    Linux.madvise(aligned, length, Sys.MADV_HUGEPAGE());
    return new Mapping(aligned, length);
  }

  private static void unmapUnlessEmpty(long address, long length, String tried) {
    if (length > 0) {
      Linux.check(Linux.munmap(address, length), "munmap", tried);
    }
  }

  private static Mapping map(
      long length, int protection, int flags, int fd, long offset, String tried) {
    long address = Linux.check(Linux.mmap(0, length, protection, flags, fd, offset), "mmap", tried);
    return new Mapping(address, length);
  }

  /// Native address of the first byte; on a page border.
  public long address() {
    return address;
  }

  /// Bytes.
  public long length() {
    return length;
  }

  /// The memory, bounds-checked, any thread, until [#close].
  public MemorySegment segment() {
    return segment;
  }

  /// Puts zeroed memory of our own in the place of the file, at the same address: for a file that
  /// somebody made shorter, so that no access to what is gone raises SIGBUS any more. The worker's
  /// thread may do it between two accesses.
  ///
  /// @throws LinuxException when the kernel refuses
  public void replaceByZeros() {
    Linux.check(
        Linux.mmap(
            address,
            length,
            Sys.PROT_READ() | Sys.PROT_WRITE(),
            Sys.MAP_PRIVATE() | Sys.MAP_ANONYMOUS() | Sys.MAP_FIXED() | Sys.MAP_NORESERVE(),
            -1,
            0),
        "mmap",
        "replace " + length + " bytes");
  }

  /// Keeps all pages in RAM.
  ///
  /// @return this
  /// @throws LinuxException ENOMEM beyond RLIMIT_MEMLOCK
  public Mapping lock() {
    Linux.check(Linux.mlock(address, length), "mlock", "keep " + length + " bytes in RAM");
    return this;
  }

  /// Unmaps; the segment is dead afterwards.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      // First the segment: afterwards no Java code can touch what is about to go.
      arena.close();
      Linux.check(Linux.munmap(address, length), "munmap", "give back " + length + " bytes");
    }
  }
}
