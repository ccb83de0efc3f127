package braid.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.kernel.EventFd;
import braid.kernel.MemFd;
import braid.virtio.AddressSpace;
import braid.virtio.Chain;
import braid.virtio.ProtocolException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Memory tables: what is taken, what is refused, and what addresses become.
class GuestMemoryTest {
  private static final long MB = 1 << 20;

  private final MemFd file = MemFd.createUnsealed("table", 4 * MB);

  @AfterEach
  void close() {
    file.close();
  }

  private Region region(long guest, long size, long user, long offset) throws ProtocolException {
    return Region.map(new Region.Place(guest, size, user, offset), file.fd());
  }

  @Test
  void addressesAreFoundInTheirRegion() throws ProtocolException {
    Region low = region(0, MB, 0x7000_0000_0000L, 0);
    Region next = region(MB, MB, 0x6000_0000_0000L, 2 * MB);
    Region high = region(0xffff_ffff_fff0_0000L, MB, 0xffff_ffff_0000_0000L, MB);
    GuestMemory memory = GuestMemory.of(List.of(high, low, next));
    Chain chain = new Chain(8);
    assertThat(memory.translate(5, 10, false, chain)).isEqualTo(AddressSpace.OK);
    assertThat(chain.address(0)).isEqualTo(low.nativeAddress() + 5);
    assertThat(memory.translate(0xffff_ffff_ffff_fff0L, 16, true, chain))
        .isEqualTo(AddressSpace.OK);
    assertThat(chain.address(1)).isEqualTo(high.nativeAddress() + MB - 16);
    // Over the border of two neighbours: two pieces.
    assertThat(memory.translate(MB - 4, 12, false, chain)).isEqualTo(AddressSpace.OK);
    assertThat(chain.pieces()).isEqualTo(4);
    assertThat(chain.length(2)).isEqualTo(4);
    assertThat(chain.address(3)).isEqualTo(next.nativeAddress());
    assertThat(memory.translate(2 * MB - 4, 5, false, chain)).isEqualTo(AddressSpace.FAULT);
    assertThat(memory.translate(2 * MB, 1, false, chain)).isEqualTo(AddressSpace.FAULT);
    assertThat(memory.nativeOfUser(0x6000_0000_0010L, 16)).isEqualTo(next.nativeAddress() + 16);
    assertThat(memory.nativeOfUser(0x6000_0000_0010L, MB)).isZero();
    assertThat(memory.nativeOfUser(0x6000_0000_0000L - 1, 1)).isZero();
    memory.retire();
  }

  @Test
  void whatMakesNoSenseIsRefused() throws Exception {
    refused(0, 0, 0, 0, "size 0");
    refused(0, -4096, 0, 0, "size 0");
    refused(0, 4096, 0, 100, "not on a page border");
    refused(0, 4096, 0, -4096, "beyond 2^63");
    refused(0, 4096, 0, Long.MAX_VALUE & -4096, "beyond 2^63");
    refused(-4096, 8192, 0, 0, "wraps");
    refused(0, 8192, -4096, 0, "wraps");
    refused(0, 4 * MB, 0, 4096, "the file has");
    try (EventFd event = EventFd.create()) {
      assertThatThrownBy(() -> Region.map(new Region.Place(0, 4096, 0, 0), event.fd()))
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("not a file");
    }
    Region a = region(0, MB, 0, 0);
    Region b = region(MB - 4096, MB, 8 * MB, MB);
    Region c = region(8 * MB, MB, MB - 4096, MB);
    assertThatThrownBy(() -> GuestMemory.of(List.of(a, b))).hasMessageContaining("guest address");
    assertThatThrownBy(() -> GuestMemory.of(List.of(c, a))).hasMessageContaining("user address");
    for (Region each : List.of(a, b, c)) {
      assertThat(each.unused()).isTrue();
      each.close();
    }
  }

  private void refused(long guest, long size, long user, long offset, String why) {
    assertThatThrownBy(() -> region(guest, size, user, offset))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining(why);
  }

  @Test
  void aRegionStaysUntilTheLastFrameOfTheLastTableHasComeBack() throws Exception {
    Region kept = region(0, MB, 0, 0);
    Region removed = region(MB, MB, MB, MB);
    GuestMemory first = GuestMemory.of(List.of(kept, removed));
    first.frameTaken();
    GuestMemory second = GuestMemory.of(List.of(kept));
    first.retire();
    assertThat(removed.unused()).isFalse();
    first.frameReleased();
    assertThat(first.freed()).isTrue();
    assertThat(removed.unused()).isTrue();
    assertThat(kept.unused()).isFalse();
    second.retire();
    assertThat(kept.unused()).isTrue();
  }

  @Test
  void theIotlbLearnsForgetsAndAsksOnce() throws Exception {
    Region region = region(0, MB, 0x7000_0000_0000L, 0);
    GuestMemory memory = GuestMemory.of(List.of(region));
    Iotlb iotlb = new Iotlb(memory);
    Chain chain = new Chain(64);
    assertThat(iotlb.translate(0x5000, 100, false, chain)).isEqualTo(AddressSpace.MISS);
    assertThat(iotlb.missAddress()).isEqualTo(0x5000);
    assertThat(iotlb.ask(0)).isTrue();
    assertThat(iotlb.ask(1)).isFalse();
    assertThat(iotlb.ask(Iotlb.ASK_AGAIN_NANOS)).isTrue();
    iotlb.update(0x5000, 4096, 0x7000_0000_2000L, Iotlb.READ);
    assertThat(iotlb.translate(0x5000, 100, false, chain)).isEqualTo(AddressSpace.OK);
    assertThat(chain.address(0)).isEqualTo(region.nativeAddress() + 0x2000);
    assertThat(iotlb.translate(0x5000, 100, true, chain)).isEqualTo(AddressSpace.MISS);
    // Three pages: two neighbours here too, one elsewhere.
    iotlb.update(0x6000, 4096, 0x7000_0000_3000L, 3);
    iotlb.update(0x7000, 4096, 0x7000_0000_9000L, 3);
    Chain three = new Chain(64);
    assertThat(iotlb.translate(0x5800, 0x2000, false, three)).isEqualTo(AddressSpace.OK);
    assertThat(three.pieces()).isEqualTo(2);
    assertThat(three.length(0)).isEqualTo(0x1800);
    iotlb.invalidate(0x6800, 1);
    assertThat(iotlb.entries()).isEqualTo(2);
    assertThat(iotlb.translate(0x5800, 0x2000, false, three)).isEqualTo(AddressSpace.MISS);
    assertThat(iotlb.missAddress()).isEqualTo(0x6000);
    assertThat(iotlb.anyNative(0x7000, 4096, (at, bytes) -> at == region.nativeAddress() + 0x9000))
        .isTrue();
    iotlb.invalidate(0, 0);
    assertThat(iotlb.entries()).isZero();
    for (int i = 0; i < Iotlb.ENTRIES_MAX + 10; i++) {
      iotlb.update(i * 8192L, 4096, 0x7000_0000_0000L, 3);
    }
    assertThat(iotlb.entries()).isEqualTo(Iotlb.ENTRIES_MAX);
    assertThatThrownBy(() -> iotlb.update(0, 2 * MB, 0x7000_0000_0000L, 3))
        .hasMessageContaining("not in the memory table");
    assertThatThrownBy(() -> iotlb.update(-4096, 8192, 0x7000_0000_0000L, 3))
        .isInstanceOf(ProtocolException.class);
    memory.retire();
  }
}
