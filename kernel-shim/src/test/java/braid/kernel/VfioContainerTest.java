package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.vfio_info_cap_header;
import braid.kernel.jextract.vfio_iommu_type1_info;
import braid.kernel.jextract.vfio_iommu_type1_info_cap_iova_range;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class VfioContainerTest {
  private final MemorySegment info = Arena.ofAuto().allocate(4096, 8);

  private void capability(long at, int id, int next) {
    MemorySegment cap = info.asSlice(at);
    vfio_info_cap_header.id(cap, (short) id);
    vfio_info_cap_header.next(cap, next);
  }

  private void flagsAndFirst(int first) {
    vfio_iommu_type1_info.flags(info, Sys.VFIO_IOMMU_INFO_CAPS());
    vfio_iommu_type1_info.cap_offset(info, first);
  }

  @Test
  void rangesAreReadFromTheCapabilityChainOnA4ByteBorder() {
    flagsAndFirst(32);
    capability(32, 3, 52);
    capability(52, Sys.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE(), 0);
    MemorySegment cap = info.asSlice(52);
    vfio_iommu_type1_info_cap_iova_range.nr_iovas(cap, 2);
    long first = vfio_iommu_type1_info_cap_iova_range.sizeof();
    long[] borders = {0, 0xfedf_ffffL, 0xfef0_0000L, 0x7f_ffff_ffffL};
    for (int i = 0; i < borders.length; i++) {
      cap.set(ValueLayout.JAVA_LONG_UNALIGNED, first + 8L * i, borders[i]);
    }
    assertThat(VfioContainer.rangesOf(info))
        .containsExactly(
            new VfioContainer.IovaRange(0, 0xfedf_ffffL),
            new VfioContainer.IovaRange(0xfef0_0000L, 0x7f_ffff_ffffL));
  }

  @Test
  void aChainThatGoesBackEnds() {
    flagsAndFirst(64);
    capability(64, 3, 32);
    capability(32, 3, 64);
    assertThat(VfioContainer.rangesOf(info)).isEmpty();
  }

  @Test
  void aKernelThatSaysNothingGivesNoRanges() {
    assertThat(VfioContainer.rangesOf(info)).isEmpty();
  }

  @Test
  void aRangeHasBothItsEnds() {
    VfioContainer.IovaRange range = new VfioContainer.IovaRange(0x1000, 0x1fff);
    assertThat(range.contains(0x1000, 0x1000)).isTrue();
    assertThat(range.contains(0x1001, 0x1000)).isFalse();
    assertThat(range.contains(0xfff, 2)).isFalse();
    assertThat(new VfioContainer.IovaRange(0, -1).contains(-0x1000, 0x1000)).isTrue();
  }
}
