package braid.guest;

import braid.kernel.Fd;
import braid.kernel.LinuxException;
import braid.kernel.Mapping;
import braid.kernel.MemFd;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The one memory area that devices may reach: rings, receive buffers and the frames that are sent
/// in place all lie in it.
///
/// It is mapped once for devices, at [#IOVA] and the following addresses, so that turning a native
/// address into a device's is one addition. VFIO pins memory of our own ([#pinned]); a vhost-user
/// back-end maps a memory file ([#shared]).
///
/// Parts are cut off with [#take] and never given back: everything is laid out once at start.
///
/// **Thread**: set-up on one control thread; the checks by address on any.
public final class DmaMemory implements AutoCloseable {
  /// Where devices see the first byte. Not 0, which a device may take for "not set"; below 4 GiB
  /// and away from the interrupt range at 0xfee00000.
  public static final long IOVA = 0x4000_0000L;

  /// Enough for the frames of a TAP and for two members.
  public static final long BYTES_DEFAULT = 32L << 20;

  private static final int HUGE_PAGE = 2 << 20;

  private final @Nullable MemFd file;
  private final Mapping mapping;
  private final MemorySegment memory;
  private final long start;
  private final long bytes;
  private final boolean huge;
  private long taken;

  private DmaMemory(@Nullable MemFd file, Mapping mapping, boolean huge) {
    this.file = file;
    this.mapping = mapping;
    this.memory = mapping.segment();
    this.start = memory.address();
    this.bytes = memory.byteSize();
    this.huge = huge;
    // Touched now, so that a lack of memory shows here and not under a device.
    memory.fill((byte) 0);
  }

  /// Memory for VFIO: huge pages from the pool, else those the kernel finds by itself, else small
  /// ones. A huge page is one entry of the IOMMU, and one IOTLB miss of a vhost-user back-end where
  /// 512 small pages are as many.
  ///
  /// @param bytes rounded up to a multiple of 2 MiB
  public static DmaMemory pinned(long bytes) {
    long size = roundUp(bytes);
    try {
      return new DmaMemory(null, Mapping.huge(size), true);
    } catch (LinuxException noHugePages) {
      return new DmaMemory(null, Mapping.transparentHuge(size), false);
    }
  }

  /// Memory for a vhost-user back-end: a file that it maps too.
  ///
  /// @param bytes rounded up to a multiple of 2 MiB
  public static DmaMemory shared(long bytes) {
    MemFd file = MemFd.create("braid-dma", roundUp(bytes));
    return new DmaMemory(file, file.map(), false);
  }

  private static long roundUp(long bytes) {
    return (bytes + HUGE_PAGE - 1) & -HUGE_PAGE;
  }

  /// Cuts off the next part.
  ///
  /// @param length    bytes
  /// @param alignment a power of two up to the page size
  /// @throws IllegalStateException when the area is full
  public MemorySegment take(long length, long alignment) {
    long at = (taken + alignment - 1) & -alignment;
    if (length < 0 || at + length > bytes) {
      throw new IllegalStateException(
          "DMA memory of "
              + bytes
              + " bytes is full: "
              + (bytes - taken)
              + " left, "
              + length
              + " wanted");
    }
    taken = at + length;
    return memory.asSlice(at, length);
  }

  /// Bytes not taken yet.
  public long left() {
    return bytes - taken;
  }

  /// All of `address` to `address + length` lies in this area.
  public boolean contains(long address, int length) {
    long offset = address - start;
    return offset >= 0 && offset + length <= bytes;
  }

  /// The whole area.
  public MemorySegment memory() {
    return memory;
  }

  /// What to add to a native address to get the address that devices use.
  public long iovaDelta() {
    return IOVA - start;
  }

  /// The memory file, for a vhost-user back-end.
  ///
  /// @throws IllegalStateException for memory that is not [#shared]
  public Fd file() {
    if (file == null) {
      throw new IllegalStateException("this DMA memory is no file: use DmaMemory.shared");
    }
    return file.fd();
  }

  /// It consists of huge pages of the pool.
  public boolean huge() {
    return huge;
  }

  /// Unmaps it; no device may use it any more.
  @Override
  public void close() {
    mapping.close();
    if (file != null) {
      file.close();
    }
  }
}
