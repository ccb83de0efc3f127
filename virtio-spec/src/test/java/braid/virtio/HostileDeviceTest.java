package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Every wrong thing a device can put into the used ring, and what the driver half keeps for
/// afterwards.
class HostileDeviceTest {
  private static final int SIZE = 8;
  private static final long RING = GuestMemory.BASE;

  private GuestMemory guest;
  private SplitRing ring;
  private DriverQueue driver;

  @BeforeEach
  void open() {
    guest = new GuestMemory(Arena.ofAuto(), 0x10000);
    ring = SplitRing.of(SIZE, guest.memory.asSlice(0, SplitRing.bytes(SIZE)));
    driver = new DriverQueue(ring, true, null);
  }

  private void give(int position, long id, long length) {
    long used = RING + SplitRing.usedOffset(SIZE);
    guest.u32(used + 4 + 8L * (position % SIZE), (int) id);
    guest.u32(used + 8 + 8L * (position % SIZE), (int) length);
    guest.u16(used + 2, position + 1);
  }

  private void refused(RingFault why) {
    assertThat(driver.poll()).isEqualTo(DriverQueue.BROKEN);
    assertThat(driver.fault()).isEqualTo(why);
    assertThat(driver.poll()).as("stays broken").isEqualTo(DriverQueue.BROKEN);
    assertThat(driver.arm()).as("nothing to wait for").isFalse();
  }

  @Test
  void anIdOutsideTheTable() {
    driver.addReadable(0x1000, 64, 7);
    driver.publish();
    give(0, SIZE, 0);
    refused(RingFault.USED_ID_OUT_OF_RANGE);
  }

  @Test
  void theLargestId() {
    driver.addReadable(0x1000, 64, 7);
    driver.publish();
    give(0, 0xffff_ffffL, 0);
    refused(RingFault.USED_ID_OUT_OF_RANGE);
  }

  @Test
  void anIdThatWasNotOffered() {
    int head = driver.addReadable(0x1000, 64, 7);
    driver.publish();
    give(0, (head + 1) % SIZE, 0);
    refused(RingFault.USED_ID_NOT_OUTSTANDING);
  }

  @Test
  void anIdGivenBackTwice() {
    int head = driver.addReadable(0x1000, 64, 7);
    driver.addReadable(0x1000, 64, 8);
    driver.publish();
    give(0, head, 0);
    assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
    give(1, head, 0);
    refused(RingFault.USED_ID_NOT_OUTSTANDING);
  }

  @Test
  void anIdOfADescriptorInTheMiddleOfAChain() {
    int head = driver.add(new long[] {0x1000, 0x2000}, new int[] {12, 64}, 2, 0, 7);
    driver.publish();
    give(0, head + 1, 0);
    refused(RingFault.USED_ID_NOT_OUTSTANDING);
  }

  @Test
  void aLengthBeyondTheWritableBytes() {
    int head = driver.addWritable(0x1000, 1500, 7);
    driver.publish();
    give(0, head, 1501);
    refused(RingFault.USED_LENGTH_TOO_LONG);
  }

  @Test
  void aLengthForAChainThatIsOnlyRead() {
    int head = driver.addReadable(0x1000, 1500, 7);
    driver.publish();
    give(0, head, 1);
    refused(RingFault.USED_LENGTH_TOO_LONG);
  }

  @Test
  void aLengthOf4GiB() {
    int head = driver.addWritable(0x1000, 1500, 7);
    driver.publish();
    give(0, head, 0xffff_ffffL);
    refused(RingFault.USED_LENGTH_TOO_LONG);
  }

  @Test
  void anIndexThatJumps() {
    driver.addReadable(0x1000, 64, 7);
    driver.publish();
    guest.u16(RING + SplitRing.usedOffset(SIZE) + 2, 2);
    refused(RingFault.USED_INDEX_JUMP);
  }

  @Test
  void anIndexThatGoesBack() {
    int head = driver.addReadable(0x1000, 64, 7);
    driver.publish();
    give(0, head, 0);
    assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
    guest.u16(RING + SplitRing.usedOffset(SIZE) + 2, 0);
    refused(RingFault.USED_INDEX_JUMP);
  }

  @Test
  void aChainThatWasAddedButNotShown() {
    int head = driver.addReadable(0x1000, 64, 7);
    give(0, head, 0);
    refused(RingFault.USED_INDEX_JUMP);
  }

  @Test
  void descriptorsThatTheDeviceOverwritesDoNotReachTheFreeList() {
    int head = driver.add(new long[] {0x1000, 0x2000}, new int[] {12, 64}, 2, 0, 7);
    driver.publish();
    ring.desc().fill((byte) 0xff);
    give(0, head, 0);
    assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
    assertThat(driver.free()).isEqualTo(SIZE);
    for (int i = 0; i < SIZE; i++) {
      assertThat(driver.addReadable(0x1000, 64, i)).isBetween(0, SIZE - 1);
    }
    assertThat(driver.addReadable(0x1000, 64, 99)).isEqualTo(DriverQueue.FULL);
  }

  @Test
  void whatADeadDeviceHadIsListedInTheOrderOfSubmission() {
    int[] heads = new int[6];
    for (int i = 0; i < 6; i++) {
      heads[i] = driver.addReadable(0x1000, 64, 100 + i);
    }
    driver.publish();
    give(0, heads[1], 0);
    give(1, heads[4], 0);
    assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
    assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
    driver.addReadable(0x1000, 64, 106);
    give(2, 77, 0);
    assertThat(driver.poll()).isEqualTo(DriverQueue.BROKEN);
    assertThat(driver.outstandingTokens()).containsExactly(100, 102, 103, 105, 106);
    assertThat(driver.outstanding()).isEqualTo(5);
  }

  @Test
  void tooManyBuffersAreNotAdded() {
    long[] address = new long[SIZE + 1];
    int[] length = new int[SIZE + 1];
    assertThat(driver.add(address, length, SIZE + 1, 0, 1)).isEqualTo(DriverQueue.FULL);
    assertThat(driver.add(address, length, 0, 0, 1)).isEqualTo(DriverQueue.FULL);
    assertThat(driver.free()).isEqualTo(SIZE);
  }

  @Test
  void anIndirectChainTakesOneDescriptor() {
    MemorySegment tables = guest.memory.asSlice(0x1000, IndirectTables.bytes(SIZE, 4));
    IndirectTables indirect = new IndirectTables(tables, RING + 0x1000, 4);
    driver = new DriverQueue(ring, true, indirect);
    for (int i = 0; i < SIZE; i++) {
      assertThat(driver.add(new long[4], new int[] {1, 1, 1, 1}, 2, 2, i)).isNotNegative();
    }
    assertThat(driver.free()).isZero();
    assertThat(driver.add(new long[4], new int[4], 2, 2, 9)).isEqualTo(DriverQueue.FULL);
    assertThatThrownBy(
            () -> new DriverQueue(ring, true, new IndirectTables(tables.asSlice(0, 64), RING, 4)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ringsThatAreTooSmallOrMisalignedAreNotTaken() {
    MemorySegment memory = guest.memory;
    assertThatThrownBy(() -> SplitRing.of(3, memory)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitRing.of(0, memory)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitRing.of(8, memory.asSlice(8)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new SplitRing(8, ring.desc().asSlice(0, 127), ring.avail(), ring.used()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SplitRing(8, ring.desc(), memory.asSlice(1, 64), ring.used()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SplitRing(8, ring.desc(), ring.avail(), memory.asSlice(2, 128)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theSizesOfTheRingAreThoseOfTheSpecification() {
    assertThat(SplitRing.descBytes(256)).isEqualTo(4096);
    assertThat(SplitRing.availBytes(256)).isEqualTo(518);
    assertThat(SplitRing.usedBytes(256)).isEqualTo(2054);
    assertThat(SplitRing.usedEventOffset(256)).isEqualTo(516);
    assertThat(SplitRing.availEventOffset(256)).isEqualTo(2052);
    assertThat(SplitRing.usedOffset(256) % SplitRing.USED_ALIGN).isZero();
    assertThat(SplitRing.validSize(32768)).isTrue();
    assertThat(SplitRing.validSize(65536)).isFalse();
    assertThat(SplitRing.validSize(-8)).isFalse();
  }
}
