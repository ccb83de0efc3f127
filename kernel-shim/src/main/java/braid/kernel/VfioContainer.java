package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.vfio_info_cap_header;
import braid.kernel.jextract.vfio_iommu_type1_dma_map;
import braid.kernel.jextract.vfio_iommu_type1_dma_unmap;
import braid.kernel.jextract.vfio_iommu_type1_info;
import braid.kernel.jextract.vfio_iommu_type1_info_cap_iova_range;
import braid.kernel.jextract.vfio_iova_range;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// One I/O address space: devices of the groups in it reach what is mapped here and nothing else.
///
/// The order that the kernel demands, which the methods keep:
/// ```
///   open /dev/vfio/vfio ─► open /dev/vfio/GROUP ─► put the group in ─► choose the IOMMU model
///   (type 1, version 2) ─► map memory ─► get devices
/// ```
/// The model can be chosen only when the first group is in, so [#group] does both. Memory mapped
/// once is mapped for every group of the container.
///
/// **Thread**: one control thread. **Ownership**: groups and devices are closed before their
/// container. Closing unmaps everything. **Errors**: [LinuxException] with the remedy.
public final class VfioContainer implements AutoCloseable {
  /// Addresses that devices may use, both ends inclusive.
  ///
  /// @param first first I/O address
  /// @param last  last I/O address
  public record IovaRange(long first, long last) {
    /// The `length` bytes from `iova` lie in this range; unsigned.
    public boolean contains(long iova, long length) {
      return Long.compareUnsigned(iova, first) >= 0
          && Long.compareUnsigned(iova, last) <= 0
          && Long.compareUnsigned(last - iova, length - 1) >= 0;
    }
  }

  private static final int INFO_BYTES_MAX = 4096;

  private final Fd fd;
  private boolean modelChosen;

  private VfioContainer(Fd fd) {
    this.fd = fd;
  }

  /// Opens a new, empty container.
  ///
  /// @throws LinuxException when the kernel has no VFIO, another API version or no type 1 version 2
  public static VfioContainer open() {
    int number =
        Linux.check(
            Linux.open("/dev/vfio/vfio", Sys.O_RDWR() | Sys.O_CLOEXEC()),
            "open",
            "/dev/vfio/vfio (as root, after modprobe vfio-pci)");
    Fd fd = new Fd(number);
    try {
      int version = Linux.ioctl(number, Sys.VFIO_GET_API_VERSION(), 0);
      if (version != Sys.VFIO_API_VERSION()) {
        throw new LinuxException(
            "ioctl", Sys.EINVAL(), "VFIO speaks API version " + version + ", we speak 0");
      }
      if (Linux.ioctl(number, Sys.VFIO_CHECK_EXTENSION(), Sys.VFIO_TYPE1v2_IOMMU()) <= 0) {
        throw new LinuxException(
            "ioctl",
            Sys.EINVAL(),
            "VFIO has no type 1 version 2 IOMMU: modprobe vfio_iommu_type1, and turn the IOMMU on"
                + " (kernel argument intel_iommu=on or amd_iommu=on)");
      }
      return new VfioContainer(fd);
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  /// Opens a group, checks that all of it is ours and puts it into this container.
  ///
  /// @param number IOMMU group, see [PciFunction#iommuGroup]
  public VfioGroup group(int number) {
    VfioGroup group = VfioGroup.open(number);
    try {
      group.enter(fd);
      if (!modelChosen) {
        Linux.check(
            Linux.ioctl(fd.number(), Sys.VFIO_SET_IOMMU(), Sys.VFIO_TYPE1v2_IOMMU()),
            "ioctl VFIO_SET_IOMMU",
            "choose the type 1 version 2 IOMMU");
        modelChosen = true;
      }
      return group;
    } catch (LinuxException e) {
      group.close();
      throw e;
    }
  }

  /// Lets the devices read and write `memory` at I/O address `iova`. The pages are pinned until
  /// [#unmap] or close; they count against RLIMIT_MEMLOCK.
  ///
  /// @param memory page-aligned, a multiple of the page size, mapped until unmapped here
  /// @param iova   page-aligned, inside [#iovaRanges]
  public void map(MemorySegment memory, long iova) {
    List<IovaRange> allowed = iovaRanges();
    if (!allowed.isEmpty()
        && allowed.stream().noneMatch(range -> range.contains(iova, memory.byteSize()))) {
      throw new LinuxException(
          "ioctl",
          Sys.EINVAL(),
          String.format(
              "I/O address 0x%x for %d bytes is not in what the IOMMU allows: %s",
              iova, memory.byteSize(), allowed));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = vfio_iommu_type1_dma_map.allocate(arena);
      vfio_iommu_type1_dma_map.argsz(map, (int) map.byteSize());
      vfio_iommu_type1_dma_map.flags(
          map, Sys.VFIO_DMA_MAP_FLAG_READ() | Sys.VFIO_DMA_MAP_FLAG_WRITE());
      vfio_iommu_type1_dma_map.vaddr(map, memory.address());
      vfio_iommu_type1_dma_map.iova(map, iova);
      vfio_iommu_type1_dma_map.size(map, memory.byteSize());
      Linux.check(
          Linux.ioctl(fd.number(), Sys.VFIO_IOMMU_MAP_DMA(), map.address()),
          "ioctl VFIO_IOMMU_MAP_DMA",
          String.format(
              "map %d bytes at I/O address 0x%x (ENOMEM: raise RLIMIT_MEMLOCK)",
              memory.byteSize(), iova));
    }
  }

  /// Takes a mapping back; afterwards a device that still uses it faults in the IOMMU.
  ///
  /// @param iova   as given to [#map]
  /// @param length bytes, all of that mapping
  public void unmap(long iova, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment unmap = vfio_iommu_type1_dma_unmap.allocate(arena);
      vfio_iommu_type1_dma_unmap.argsz(unmap, (int) unmap.byteSize());
      vfio_iommu_type1_dma_unmap.iova(unmap, iova);
      vfio_iommu_type1_dma_unmap.size(unmap, length);
      Linux.check(
          Linux.ioctl(fd.number(), Sys.VFIO_IOMMU_UNMAP_DMA(), unmap.address()),
          "ioctl VFIO_IOMMU_UNMAP_DMA",
          String.format("unmap %d bytes at I/O address 0x%x", length, iova));
    }
  }

  /// What the IOMMU lets devices address; empty when the kernel does not say. After the first
  /// [#group].
  public List<IovaRange> iovaRanges() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(INFO_BYTES_MAX, 8);
      vfio_iommu_type1_info.argsz(info, INFO_BYTES_MAX);
      Linux.check(
          Linux.ioctl(fd.number(), Sys.VFIO_IOMMU_GET_INFO(), info.address()),
          "ioctl VFIO_IOMMU_GET_INFO",
          "ask what the IOMMU can address");
      return rangesOf(info);
    }
  }

  /// Reads the ranges out of a `vfio_iommu_type1_info` and the capability chain behind it.
  static List<IovaRange> rangesOf(MemorySegment info) {
    List<IovaRange> ranges = new ArrayList<>();
    if ((vfio_iommu_type1_info.flags(info) & Sys.VFIO_IOMMU_INFO_CAPS()) == 0) {
      return ranges;
    }
    long at = Integer.toUnsignedLong(vfio_iommu_type1_info.cap_offset(info));
    long header = vfio_info_cap_header.sizeof();
    // Offsets only go forward, so the chain ends.
    for (long before = 0; at > before && at + header <= info.byteSize(); ) {
      MemorySegment cap = info.asSlice(at);
      if (vfio_info_cap_header.id(cap) == Sys.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE()) {
        int count = vfio_iommu_type1_info_cap_iova_range.nr_iovas(cap);
        long first = vfio_iommu_type1_info_cap_iova_range.sizeof();
        for (int i = 0; i < count; i++) {
          long range = first + i * vfio_iova_range.sizeof();
          // Capabilities start on 4-byte borders.
          ranges.add(
              new IovaRange(
                  cap.get(ValueLayout.JAVA_LONG_UNALIGNED, range + vfio_iova_range.start$offset()),
                  cap.get(ValueLayout.JAVA_LONG_UNALIGNED, range + vfio_iova_range.end$offset())));
        }
      }
      before = at;
      at = Integer.toUnsignedLong(vfio_info_cap_header.next(cap));
    }
    return ranges;
  }

  @Override
  public void close() {
    fd.close();
  }
}
