package braid.virtio;

import static braid.virtio.SplitRing.DESC_INDIRECT;
import static braid.virtio.SplitRing.DESC_NEXT;
import static braid.virtio.SplitRing.DESC_WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Every wrong thing a driver can put into a split ring, by name, written into raw memory.
class HostileDriverTest {
  private static final int SIZE = 8;
  private static final long RING = GuestMemory.BASE;
  private static final long DATA = GuestMemory.BASE + 0x4000;
  private static final long TABLE = GuestMemory.BASE + 0x2000;
  private static final long END = GuestMemory.BASE + 0x10000;

  private GuestMemory guest;
  private SplitRing ring;
  private final Chain chain = new Chain(32);

  @BeforeEach
  void open() {
    guest = new GuestMemory(Arena.ofAuto(), 0x10000);
    ring = SplitRing.of(SIZE, guest.memory.asSlice(0, SplitRing.bytes(SIZE)));
  }

  private DeviceQueue device() {
    return new DeviceQueue(ring, true, true, guest, 0);
  }

  private void offer(int position, int head) {
    guest.u16(RING + SplitRing.availOffset(SIZE) + 4 + 2L * (position % SIZE), head);
    guest.u16(RING + SplitRing.availOffset(SIZE) + 2, position + 1);
  }

  private void index(int value) {
    guest.u16(RING + SplitRing.availOffset(SIZE) + 2, value);
  }

  private void descriptor(int index, long address, long length, int flags, int next) {
    guest.descriptor(RING, index, address, length, flags, next);
  }

  private void refused(DeviceQueue queue, RingFault why) {
    assertThat(queue.next(chain)).isEqualTo(DeviceQueue.BROKEN);
    assertThat(queue.fault()).isEqualTo(why);
    assertThat(queue.next(chain)).as("stays broken").isEqualTo(DeviceQueue.BROKEN);
    assertThat(queue.fault()).isEqualTo(why);
    assertThat(queue.available()).isZero();
    assertThat(queue.arm()).as("nothing to wait for").isFalse();
    assertThat(queue.outstanding()).isZero();
  }

  private void refused(RingFault why) {
    offer(0, 0);
    refused(device(), why);
  }

  @Test
  void anIndexThatJumpsByMoreThanTheQueueSize() {
    index(SIZE + 1);
    refused(device(), RingFault.AVAIL_INDEX_JUMP);
  }

  @Test
  void anIndexThatJumpsByMoreThanIsFree() {
    for (int i = 0; i < SIZE; i++) {
      descriptor(i, DATA, 64, 0, 0);
      offer(i, i);
    }
    DeviceQueue queue = device();
    for (int i = 0; i < SIZE; i++) {
      assertThat(queue.next(chain)).isEqualTo(DeviceQueue.TAKEN);
    }
    index(SIZE + 1);
    assertThat(queue.next(chain)).isEqualTo(DeviceQueue.BROKEN);
    assertThat(queue.fault()).isEqualTo(RingFault.AVAIL_INDEX_JUMP);
  }

  @Test
  void anIndexThatGoesBack() {
    descriptor(0, DATA, 64, 0, 0);
    descriptor(1, DATA, 64, 0, 0);
    offer(0, 0);
    offer(1, 1);
    DeviceQueue queue = device();
    assertThat(queue.available()).isEqualTo(2);
    index(1);
    assertThat(queue.available()).isZero();
    refused(queue, RingFault.AVAIL_INDEX_WENT_BACK);
  }

  @Test
  void aHeadOutsideTheTable() {
    offer(0, SIZE);
    refused(device(), RingFault.HEAD_OUT_OF_RANGE);
  }

  @Test
  void theLargestHead() {
    offer(0, 0xffff);
    refused(device(), RingFault.HEAD_OUT_OF_RANGE);
  }

  @Test
  void aHeadThatTheDeviceStillHas() {
    descriptor(0, DATA, 64, 0, 0);
    offer(0, 0);
    offer(1, 0);
    DeviceQueue queue = device();
    assertThat(queue.next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(queue.next(chain)).isEqualTo(DeviceQueue.BROKEN);
    assertThat(queue.fault()).isEqualTo(RingFault.HEAD_ALREADY_TAKEN);
    queue.complete(0, 0);
    queue.publish();
    assertThat(guest.u16(RING + SplitRing.usedOffset(SIZE) + 2))
        .as("what was taken before can still be given back")
        .isEqualTo(1);
  }

  @Test
  void aNextOutsideTheTable() {
    descriptor(0, DATA, 64, DESC_NEXT, SIZE);
    refused(RingFault.NEXT_OUT_OF_RANGE);
  }

  @Test
  void aDescriptorThatIsItsOwnNext() {
    descriptor(0, DATA, 64, DESC_NEXT, 0);
    refused(RingFault.DESCRIPTOR_LOOP);
  }

  @Test
  void aLoopOverTheWholeTable() {
    for (int i = 0; i < SIZE; i++) {
      descriptor(i, DATA, 64, DESC_NEXT, (i + 1) % SIZE);
    }
    refused(RingFault.DESCRIPTOR_LOOP);
  }

  @Test
  void aDescriptorOfNoBytes() {
    descriptor(0, DATA, 0, 0, 0);
    refused(RingFault.ZERO_LENGTH);
  }

  @Test
  void aDescriptorOfNoBytesInTheMiddle() {
    descriptor(0, DATA, 12, DESC_NEXT, 1);
    descriptor(1, DATA, 0, DESC_NEXT, 2);
    descriptor(2, DATA, 64, 0, 0);
    refused(RingFault.ZERO_LENGTH);
  }

  @Test
  void anAddressBelowMemory() {
    descriptor(0, GuestMemory.BASE - 1, 1, 0, 0);
    refused(RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  @Test
  void anAddressAboveMemory() {
    descriptor(0, END, 1, 0, 0);
    refused(RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  @Test
  void aBufferThatRunsOutOfMemory() {
    descriptor(0, END - 63, 64, DESC_WRITE, 0);
    refused(RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  @Test
  void anAddressOfZero() {
    descriptor(0, 0, 64, 0, 0);
    refused(RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  @Test
  void anAddressAndLengthThatWrap() {
    descriptor(0, -32, 64, 0, 0);
    refused(RingFault.ADDRESS_WRAPS);
  }

  @Test
  void anAddressAndLengthThatEndExactlyAtTheTop() {
    descriptor(0, -64, 64, 0, 0);
    refused(RingFault.ADDRESS_WRAPS);
  }

  @Test
  void aLengthBeyondTheLimit() {
    descriptor(0, DATA, 0xffff_ffffL, 0, 0);
    refused(RingFault.CHAIN_TOO_MANY_BYTES);
  }

  @Test
  void lengthsThatAddUpBeyondTheLimit() {
    GuestMemory all = guest;
    AddressSpace everywhere =
        (address, length, write, into) -> {
          into.append(all.memory.address(), length);
          return AddressSpace.OK;
        };
    descriptor(0, 0, 0x7fff_ffffL, DESC_NEXT, 1);
    descriptor(1, 0, 1, 0, 0);
    offer(0, 0);
    refused(new DeviceQueue(ring, true, true, everywhere, 0), RingFault.CHAIN_TOO_MANY_BYTES);
  }

  @Test
  void aReadableDescriptorAfterAWritableOne() {
    descriptor(0, DATA, 64, DESC_NEXT | DESC_WRITE, 1);
    descriptor(1, DATA, 64, 0, 0);
    refused(RingFault.READABLE_AFTER_WRITABLE);
  }

  @Test
  void moreDescriptorsThanTheChainCarries() {
    Chain small = new Chain(2);
    for (int i = 0; i < 3; i++) {
      descriptor(i, DATA, 64, i < 2 ? DESC_NEXT : 0, i + 1);
    }
    offer(0, 0);
    DeviceQueue queue = device();
    assertThat(queue.next(small)).isEqualTo(DeviceQueue.BROKEN);
    assertThat(queue.fault()).isEqualTo(RingFault.CHAIN_TOO_MANY_PIECES);
  }

  @Test
  void anIndirectDescriptorWithoutTheFeature() {
    descriptor(0, TABLE, 16, DESC_INDIRECT, 0);
    offer(0, 0);
    refused(new DeviceQueue(ring, true, false, guest, 0), RingFault.INDIRECT_NOT_NEGOTIATED);
  }

  @Test
  void anIndirectDescriptorInsideAnIndirectTable() {
    descriptor(0, TABLE, 16, DESC_INDIRECT, 0);
    guest.descriptor(TABLE, 0, TABLE, 16, DESC_INDIRECT, 0);
    refused(RingFault.INDIRECT_INSIDE_INDIRECT);
  }

  @Test
  void anIndirectDescriptorWithNext() {
    descriptor(0, TABLE, 16, DESC_INDIRECT | DESC_NEXT, 1);
    refused(RingFault.INDIRECT_WITH_NEXT);
  }

  @Test
  void anIndirectTableOfNoBytes() {
    descriptor(0, TABLE, 0, DESC_INDIRECT, 0);
    refused(RingFault.INDIRECT_LENGTH_ZERO);
  }

  @Test
  void anIndirectTableThatIsNoMultipleOf16() {
    descriptor(0, TABLE, 24, DESC_INDIRECT, 0);
    refused(RingFault.INDIRECT_LENGTH_NOT_MULTIPLE_OF_16);
  }

  @Test
  void anIndirectTableWithMoreEntriesThanTheQueue() {
    descriptor(0, TABLE, 16 * (SIZE + 1), DESC_INDIRECT, 0);
    refused(RingFault.INDIRECT_TOO_LONG);
  }

  @Test
  void anIndirectTableOfAlmost4GiB() {
    descriptor(0, TABLE, 0xffff_fff0L, DESC_INDIRECT, 0);
    refused(RingFault.INDIRECT_TOO_LONG);
  }

  @Test
  void anIndirectTableOutsideMemory() {
    descriptor(0, END - 16, 32, DESC_INDIRECT, 0);
    refused(RingFault.INDIRECT_OUTSIDE_MEMORY);
  }

  @Test
  void anIndirectTableWhoseAddressWraps() {
    descriptor(0, -16, 32, DESC_INDIRECT, 0);
    refused(RingFault.ADDRESS_WRAPS);
  }

  @Test
  void aNextOutsideTheIndirectTable() {
    descriptor(0, TABLE, 32, DESC_INDIRECT, 0);
    guest.descriptor(TABLE, 0, DATA, 64, DESC_NEXT, 2);
    refused(RingFault.INDIRECT_NEXT_OUT_OF_RANGE);
  }

  @Test
  void aLoopInsideTheIndirectTable() {
    descriptor(0, TABLE, 32, DESC_INDIRECT, 0);
    guest.descriptor(TABLE, 0, DATA, 64, DESC_NEXT, 1);
    guest.descriptor(TABLE, 1, DATA, 64, DESC_NEXT, 0);
    refused(RingFault.INDIRECT_LOOP);
  }

  @Test
  void directAndIndirectTogetherLongerThanTheQueue() {
    descriptor(0, DATA, 8, DESC_NEXT, 1);
    descriptor(1, DATA, 8, DESC_NEXT, 2);
    descriptor(2, TABLE, 16 * SIZE, DESC_INDIRECT, 0);
    for (int i = 0; i < SIZE; i++) {
      guest.descriptor(TABLE, i, DATA, 8, i < SIZE - 1 ? DESC_NEXT : 0, i + 1);
    }
    refused(RingFault.CHAIN_TOO_LONG);
  }

  @Test
  void aZeroLengthInsideTheIndirectTable() {
    descriptor(0, TABLE, 16, DESC_INDIRECT, 0);
    guest.descriptor(TABLE, 0, DATA, 0, 0, 0);
    refused(RingFault.ZERO_LENGTH);
  }

  @Test
  void anAddressOutsideMemoryInsideTheIndirectTable() {
    descriptor(0, TABLE, 16, DESC_INDIRECT, 0);
    guest.descriptor(TABLE, 0, END, 16, DESC_WRITE, 0);
    refused(RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  @Test
  void aChainTakenBeforeTheFaultKeepsItsAddresses() {
    descriptor(0, DATA, 64, 0, 0);
    descriptor(1, END, 64, 0, 0);
    offer(0, 0);
    offer(1, 1);
    DeviceQueue queue = device();
    assertThat(queue.next(chain)).isEqualTo(DeviceQueue.TAKEN);
    long address = chain.address(0);
    assertThat(queue.next(new Chain(4))).isEqualTo(DeviceQueue.BROKEN);
    assertThat(chain.address(0)).isEqualTo(address);
    assertThat(queue.outstanding()).isEqualTo(1);
  }

  // What looks strange and is allowed.

  @Test
  void theWriteFlagOfAnIndirectDescriptorIsIgnored() {
    descriptor(0, TABLE, 16, DESC_INDIRECT | DESC_WRITE, 0);
    guest.descriptor(TABLE, 0, DATA, 64, 0, 0);
    offer(0, 0);
    assertThat(device().next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.readableBytes()).isEqualTo(64);
    assertThat(chain.writableBytes()).isZero();
  }

  @Test
  void normalDescriptorsBeforeAnIndirectOneAreOneChain() {
    descriptor(0, DATA, 12, DESC_NEXT, 1);
    descriptor(1, TABLE, 32, DESC_INDIRECT, 0);
    guest.descriptor(TABLE, 0, DATA + 64, 100, DESC_NEXT, 1);
    guest.descriptor(TABLE, 1, DATA + 256, 200, DESC_WRITE, 0);
    offer(0, 0);
    assertThat(device().next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.pieces()).isEqualTo(3);
    assertThat(chain.readablePieces()).isEqualTo(2);
    assertThat(chain.readableBytes()).isEqualTo(112);
    assertThat(chain.writableBytes()).isEqualTo(200);
  }

  @Test
  void aChainAsLongAsTheQueueIsTaken() {
    for (int i = 0; i < SIZE; i++) {
      descriptor(i, DATA + 64L * i, 64, i < SIZE - 1 ? DESC_NEXT : 0, i + 1);
    }
    offer(0, 0);
    assertThat(device().next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.pieces()).isEqualTo(SIZE);
  }

  @Test
  void unknownDescriptorFlagsAndANextWithoutTheFlagAreIgnored() {
    descriptor(0, DATA, 64, 0xfff8, 0xffff);
    offer(0, 0);
    assertThat(device().next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.readableBytes()).isEqualTo(64);
  }

  @Test
  void anIndirectTableAcrossABorderIsReadWhole() {
    guest.border = 8;
    long table = TABLE + 4;
    descriptor(0, table, 32, DESC_INDIRECT, 0);
    guest.descriptor(table, 0, DATA, 8, DESC_NEXT, 1);
    guest.descriptor(table, 1, DATA + 8, 8, DESC_WRITE, 0);
    offer(0, 0);
    assertThat(device().next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.readableBytes()).isEqualTo(8);
    assertThat(chain.writableBytes()).isEqualTo(8);
  }

  @Test
  void aBufferAcrossABorderBecomesTwoPieces() {
    guest.border = 4096;
    descriptor(0, DATA + 4000, 200, DESC_WRITE, 0);
    offer(0, 0);
    assertThat(device().next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.pieces()).isEqualTo(2);
    assertThat(chain.readablePieces()).isZero();
    assertThat(chain.length(0)).isEqualTo(96);
    assertThat(chain.length(1)).isEqualTo(104);
    assertThat(chain.writableBytes()).isEqualTo(200);
  }
}
